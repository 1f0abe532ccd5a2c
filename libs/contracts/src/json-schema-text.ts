import type { JsonSchema } from './json-schema';
import { NOT_BLANK } from './text';

/** Text for a `$ref`. */
export type NameOf = (ref: string) => string;

/**
 * A schema as a reader thinks of it: `"user" | "agent"`, `Message[]`, `{ from: string, to?: string }`.
 * @param nameOf what stands for a reference, a link for instance
 */
export function typeOf(schema: JsonSchema, nameOf: NameOf): string {
  const { $ref, type, items, properties, additionalProperties } = schema;
  if ($ref !== undefined) return nameOf($ref);
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return union(schema['enum'].map((one) => JSON.stringify(one)));
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(alternatives))
    return union((alternatives as JsonSchema[]).map((one) => typeOf(one, nameOf)));
  if (Array.isArray(type)) return union(type as string[]);
  if (type === 'array') return listOf(typeOf((items ?? {}) as JsonSchema, nameOf));
  if (properties) return inline(schema, nameOf);
  if (isSchema(additionalProperties)) return `{ [name]: ${typeOf(additionalProperties, nameOf)} }`;
  if (type === 'string') return textOf(schema);
  return type ?? 'any';
}

/** What a schema says besides its type. */
export function notesOf(schema: JsonSchema): string {
  const { description, minLength, maxLength, minimum, maximum, maxItems, pattern } = schema;
  const isId = typeof pattern === 'string' && ID.test(pattern);
  return [
    description,
    pattern === NOT_BLANK ? undefined : bounds(minLength, maxLength, 'characters'),
    bounds(minimum, maximum, ''),
    maxItems === undefined ? undefined : `At most ${number(maxItems)}.`,
    pattern === undefined || isId ? undefined : patternNote(String(pattern)),
    schema['default'] === undefined ? undefined : `Default ${JSON.stringify(schema['default'])}.`,
  ]
    .filter((note) => note !== undefined)
    .join(' ');
}

function patternNote(pattern: string): string {
  return pattern === NOT_BLANK ? 'Not only spaces.' : `\`${pattern}\``;
}

const ID = /^\^\((\w{3})_\)/;

function textOf({ pattern, format }: JsonSchema): string {
  const [, prefix] = (typeof pattern === 'string' && ID.exec(pattern)) || [];
  if (prefix !== undefined) return `${prefix}_…`;
  return format === 'date-time' ? 'time' : 'string';
}

function union(alternatives: string[]): string {
  return [...new Set(alternatives)].join(' | ');
}

function listOf(item: string): string {
  return item.includes(' | ') ? `(${item})[]` : `${item}[]`;
}

function inline({ properties = {}, required = [] }: JsonSchema, nameOf: NameOf): string {
  const fields = Object.entries(properties).map(
    ([name, property]) =>
      `${name}${required.includes(name) ? '' : '?'}: ${typeOf(property, nameOf)}`,
  );
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}

function bounds(min: unknown, max: unknown, unit: string): string | undefined {
  if (min === undefined && max === undefined) return undefined;
  if (unit && min === 1 && max === undefined) return 'Not empty.';
  const range =
    max === undefined
      ? `At least ${number(min)}`
      : min === undefined
        ? `At most ${number(max)}`
        : `${number(min)} to ${number(max)}`;
  return `${[range, unit].filter(Boolean).join(' ')}.`;
}

function number(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en') : String(value);
}
