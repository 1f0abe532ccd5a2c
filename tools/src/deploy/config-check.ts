import type { JsonSchema } from '@agent-messenger/contracts';

/** Read by Node itself and by what it is built on, not by a service's configuration. */
const OF_THE_RUNTIME = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'TZ', 'UV_THREADPOOL_SIZE'];

/**
 * What is wrong with the variables that a deployment gives a service, by their names: unknown ones, required ones
 * that are missing, and those given twice, as X and as X_FILE. Empty when nothing is.
 * @param schema of `configSchemaOf`
 */
export function checkVariables(schema: JsonSchema, given: readonly string[]): string[] {
  const known = schema.properties ?? {};
  const nameOf = (variable: string) =>
    variable in known ? variable : variable.replace(/_FILE$/, '');
  const names = given.map(nameOf);
  const required = (schema.required ?? []).filter((name) => known[name]?.['default'] === undefined);
  return [
    ...given
      .filter((variable) => !(nameOf(variable) in known) && !OF_THE_RUNTIME.includes(variable))
      .map((variable) => `${variable} is no variable of this service`),
    ...required
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is required and missing`),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `${name} is given twice`),
  ];
}
