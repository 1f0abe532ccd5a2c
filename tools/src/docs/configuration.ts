import type { JsonSchema } from '@agent-messenger/contracts';
import { GENERATED, notesOf, table, typeOf } from './markdown';

export interface ServiceConfig {
  service: string;
  /** JSON Schema of its variables as the service sees them, with the defaults filled in. */
  schema: JsonSchema;
}

/** Every variable of every service; those that all share are told once. */
export function configurationPage(services: ServiceConfig[]): string {
  const [first, ...others] = services.map(({ schema }) => variables(schema));
  const shared = Object.keys(first ?? {}).filter((name) =>
    others.every((other) => JSON.stringify(other[name]) === JSON.stringify(first?.[name])),
  );
  return [
    GENERATED,
    '# Configuration',
    [
      'A service reads its environment once, at the start. A missing or bad value stops the start, with all problems listed.',
      'Every variable can come from a file: `X_FILE` names a file that holds X. An empty value counts as missing.',
    ].join('\n'),
    '## All services',
    variableTable(first ?? {}, (name) => shared.includes(name)),
    ...services.flatMap(({ service, schema }) => [
      `## ${service}`,
      variableTable(variables(schema), (name) => !shared.includes(name)),
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}

interface Variable {
  schema: JsonSchema;
  isRequired: boolean;
}

function variables({ properties = {}, required = [] }: JsonSchema): Record<string, Variable> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      { schema, isRequired: required.includes(name) && schema['default'] === undefined },
    ]),
  );
}

function variableTable(all: Record<string, Variable>, isIn: (name: string) => boolean): string {
  const rows = Object.entries(all)
    .filter(([name]) => isIn(name))
    .map(([name, { schema, isRequired }]) => {
      const { default: value, ...rest } = schema;
      const standard = value === undefined ? '' : `\`${String(value)}\``;
      return [`\`${name}\``, typeOf(rest), isRequired ? 'required' : standard, notesOf(rest)];
    });
  return table(['Variable', 'Type', 'Default', ''], rows);
}
