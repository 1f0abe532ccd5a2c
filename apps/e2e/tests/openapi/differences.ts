const kindOf = (value: unknown) =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

/**
 * Where an answer does not have what an example shows: fields by their paths, and values of another kind. Whether null
 * stands for a value is the schema's to say. Of lists the first entries are compared.
 */
export function differences(example: unknown, answer: unknown, path = ''): string[] {
  const [shown, got] = [kindOf(example), kindOf(answer)];
  if (answer !== undefined && (shown === 'null' || got === 'null')) return [];
  if (shown !== got) return [`${path}: ${shown} in the example, ${got} in the answer`];
  if (Array.isArray(example) && Array.isArray(answer)) {
    if (example.length === 0) return [];
    return differences(example[0], answer[0], `${path}/0`);
  }
  if (shown !== 'object') return [];
  return Object.entries(example as object).flatMap(([name, value]) =>
    differences(value, (answer as Record<string, unknown>)[name], `${path}/${name}`),
  );
}
