import fc from 'fast-check';

/** Is in many of the strings that are made up: where they must not get to, this is looked for. */
export const MARKER = 'canary7f3a91';

const nested = (levels: number): unknown =>
  JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
const pollution: unknown = JSON.parse(
  '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}',
);

/** What programs have tripped over before. */
const KNOWN_TROUBLE: unknown[] = [
  ...[null, true, false, -1, 0, 1e308, 5e-324, 0.1, 2 ** 31, 2 ** 53, 2 ** 64, -(2 ** 63)],
  ...[
    '',
    ' ',
    '\0',
    'x\0y',
    '\ud800',
    'x\udfff',
    '\udc00\ud800',
    '\ufeff',
    '\u202e',
    'ﷺ'.repeat(30),
  ],
  ...['x'.repeat(70_000), '👩‍👩‍👧‍👦', '🏳️‍🌈'.repeat(10), 'é', 'İ', 'ß', '9'.repeat(400)],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'undefined', 'NaN'],
  ...['../../etc/passwd', "' OR 1=1 --", '%00%ff', '${7*7}', '<script>', '{"a":1}', '\r\nX: y'],
  ...['usr_', 'agt_x', 'cnv_0', 'msg_-', `cnv_${'x'.repeat(64)}`, 'usr_x\n', 'amk_x_y'],
  ...['2030-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z', '-271821-04-20T00:00:00.000Z'],
  ...[[], {}, [[]], [null], nested(100), pollution, Array.from({ length: 1_000 }, () => 0)],
  ...[{ length: -1 }, { length: 2 ** 32 }, { toString: null }, { toJSON: 1 }, { then: 1 }],
  ...[
    { _placeholder: true, num: 0 },
    { type: 'Buffer', data: [1] },
  ],
];

const surrogates = fc.string({
  unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.fromCharCode(code)),
});

/** Anything that JSON can say, and more often what is known to hurt. */
export const trouble: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...KNOWN_TROUBLE) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }).map((text) => MARKER + text) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
  { weight: 1, arbitrary: surrogates },
  { weight: 1, arbitrary: fc.oneof(fc.integer(), fc.double({ noNaN: true })) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

const key = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toJSON', 'then', 'length', '0', ''),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => MARKER + text),
);

const HOW = ['replace', 'replace', 'remove', 'rename', 'wrap', 'add', 'append'] as const;

/** One change to a value of JSON; `at` picks the place. */
export interface Mutation {
  at: number;
  how: (typeof HOW)[number];
  key: string;
  value: unknown;
}

/** None at all now and then, so that what follows from success is met as well. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({ at: fc.nat(), how: fc.constantFrom(...HOW), key, value: trouble }),
  { maxLength: 3 },
);

/** A copy of the value with the changes in it. */
export function mutated<T>(value: T, changes: readonly Mutation[]): unknown {
  let root: unknown = structuredClone(value);
  for (const given of changes) {
    const change = { ...given, value: structuredClone(given.value) };
    const places = placesOf(root);
    const place = places[change.at % (places.length + 1)];
    if (place) alter(place, change);
    else root = alteredRoot(root, change);
  }
  return root;
}

interface Place {
  parent: Record<string, unknown>;
  key: string;
}

function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent)
    .slice(0, 100)
    .flatMap((key) => [{ parent, key }, ...placesOf(parent[key])]);
}

function alter({ parent, key }: Place, change: Mutation): void {
  const value = parent[key];
  switch (change.how) {
    case 'replace':
      return set(parent, key, change.value);
    case 'remove':
      return void delete parent[key];
    case 'rename':
      delete parent[key];
      return set(parent, change.key, value ?? null);
    case 'wrap':
      return set(parent, key, change.at % 2 ? [value] : { [change.key]: value });
    case 'add':
      return set(parent, change.key, change.value);
    case 'append':
      return set(
        parent,
        key,
        typeof value === 'string' ? value + textOf(change.value) : [value, value],
      );
  }
}

function alteredRoot(root: unknown, { how, value }: Mutation): unknown {
  return how === 'wrap' ? [root] : how === 'replace' ? value : root;
}

/** As an own property, whatever its name: an assignment to `__proto__` would make none. */
function set(parent: object, key: string, value: unknown): void {
  const isElement = /^\d+$/.test(key) && Object.hasOwn(parent, key);
  if (Array.isArray(parent) && !isElement) return void parent.push(value);
  Object.defineProperty(parent, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

const HOW_BYTES = ['cut', 'flip', 'insert', 'repeat', 'drop'] as const;

/** One change to bytes. */
export interface ByteMutation {
  at: number;
  how: (typeof HOW_BYTES)[number];
  bytes: Uint8Array;
}

const TROUBLED_BYTES = ['\0', '\r\n', '\ud800', '"', '\\', '{', ']', '\ufeff', '\\ud800', '1e999'];

export const byteMutations: fc.Arbitrary<ByteMutation[]> = fc.array(
  fc.record({
    at: fc.nat(),
    how: fc.constantFrom(...HOW_BYTES),
    bytes: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(...TROUBLED_BYTES).map((text) => Buffer.from(text)),
      },
      { weight: 2, arbitrary: fc.string({ minLength: 1 }).map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 8 }) },
      { weight: 1, arbitrary: fc.constant(Buffer.from([0xed, 0xa0, 0x80])) },
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

export function mutatedBytes(bytes: Buffer, changes: readonly ByteMutation[]): Buffer {
  return changes.reduce((before, change) => {
    const at = change.at % (before.length + 1);
    const [head, tail] = [before.subarray(0, at), before.subarray(at)];
    switch (change.how) {
      case 'cut':
        return head;
      case 'flip':
        return Buffer.concat([head, change.bytes, tail.subarray(change.bytes.length)]);
      case 'insert':
        return Buffer.concat([head, change.bytes, tail]);
      case 'repeat':
        return Buffer.concat([head, tail.subarray(0, 20), tail]);
      case 'drop':
        return Buffer.concat([head, tail.subarray(change.bytes.length)]);
    }
  }, bytes);
}
