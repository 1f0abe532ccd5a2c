import fc from 'fast-check';
import { z } from 'zod';
import type { RouteContract } from '../src';
import {
  agentHandshakeSchema,
  authCalls,
  clientHandshakeSchema,
  messagesCalls,
  requests,
  routes,
} from '../src';

/** Everything that a stranger or a service can hand to us. */
const parsers: [string, z.ZodType][] = [
  ['/client handshake', clientHandshakeSchema],
  ['/agent handshake', agentHandshakeSchema],
  ...Object.entries(requests).map(([name, { payload }]): [string, z.ZodType] => [name, payload]),
  ...Object.entries(routes).flatMap(([name, route]: [string, RouteContract]) =>
    (['params', 'query', 'body'] as const).flatMap((part): [string, z.ZodType][] => {
      const schema = route[part];
      return schema ? [[`${name} ${part}`, schema]] : [];
    }),
  ),
  ...Object.entries({ ...messagesCalls, ...authCalls }).map(
    ([name, { request }]): [string, z.ZodType] => [`call ${name}`, request],
  ),
];

/** JSON of any shape, and objects that have the right names. */
function inputFor(schema: z.ZodType): fc.Arbitrary<unknown> {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('usr_1', 'agt_1', 'cnv_1', 'msg_1', '__proto__', 'constructor', -0, 2 ** 53),
  );
  if (!(schema instanceof z.ZodObject)) return value;
  const fields = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, value]));
  return fc.oneof(value, fc.record(fields, { requiredKeys: [] }));
}

describe.each(parsers)('%s', (name, schema) => {
  it('answers every input, and fails with a ZodError only', () => {
    fc.assert(
      fc.property(inputFor(schema), (input) => {
        const parsed = schema.safeParse(input);
        if (!parsed.success) expect(parsed.error).toBeInstanceOf(z.ZodError);
      }),
      { numRuns: 100 },
    );
  });

  it('leaves what it has parsed as it is when it is parsed again, numbers of a query aside', () => {
    fc.assert(
      fc.property(inputFor(schema), (input) => {
        const parsed = schema.safeParse(input);
        if (!parsed.success || name.endsWith('query')) return;
        expect(schema.parse(parsed.data)).toEqual(parsed.data);
      }),
      { numRuns: 50 },
    );
  });

  it.each(['array', 'object'])('survives an %s as deep as a frame can hold', (shape) => {
    const levels = 20_000;
    const [open, close] = shape === 'array' ? ['[', ']'] : ['{"a":', '}'];
    const deep: unknown = JSON.parse(
      `${open.repeat(levels)}${shape === 'array' ? '' : '1'}${close.repeat(levels)}`,
    );
    expect(() => schema.safeParse(deep)).not.toThrow();
    const fields = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    for (const field of fields) expect(() => schema.safeParse({ [field]: deep })).not.toThrow();
  });
});
