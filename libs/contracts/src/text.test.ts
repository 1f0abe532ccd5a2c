import fc from 'fast-check';
import { LIMITS } from './limits';
import {
  agentNameSchema,
  byteLength,
  contentSchema,
  emojiSchema,
  metadataSchema,
  passwordSchema,
  sentTimeSchema,
  soughtUsernameSchema,
  titleSchema,
  usernameSchema,
} from './text';

const hasLargeNumber = (value: unknown): boolean =>
  typeof value === 'number'
    ? Math.abs(value) > Number.MAX_SAFE_INTEGER
    : typeof value === 'object' && value !== null && Object.values(value).some(hasLargeNumber);

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

/** Any string of UTF-16 units, whole characters or not. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })))
  .map((units) => String.fromCharCode(...units));
/** One character of one, two, three and four bytes. */
const characters = ['a', 'é', '€', '😀'] as const;

it('counts the bytes of UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(byteLength(text)).toBe(Buffer.byteLength(text));
    }),
  );
});

describe('content', () => {
  it('is 1 to 65,536 bytes of well-formed text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(accepts(contentSchema, text)).toBe(text.length > 0 && text.isWellFormed());
      }),
    );
  });

  it.each(characters)('ends exactly at its bound with %s', (character) => {
    const bytes = Buffer.byteLength(character);
    const fits = character.repeat(Math.floor(LIMITS.contentBytes / bytes));
    const full = fits + 'a'.repeat(LIMITS.contentBytes - Buffer.byteLength(fits));
    expect(contentSchema.parse(full)).toBe(full);
    expect(accepts(contentSchema, `${full}a`)).toBe(false);
  });
});

describe('metadata', () => {
  const json = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });

  it('takes any JSON object within its bounds, and leaves it as it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), json), (value) => {
        const text = JSON.stringify(value);
        const isRight = Buffer.byteLength(text) <= LIMITS.metadataBytes && !hasLargeNumber(value);
        expect(accepts(metadataSchema, value)).toBe(isRight);
        if (isRight) expect(JSON.stringify(metadataSchema.parse(value))).toBe(text);
      }),
    );
  });

  it('refuses ill-formed text wherever it is', () => {
    fc.assert(
      fc.property(anyText, anyText, (key, text) => {
        const isRight = key.isWellFormed() && text.isWellFormed();
        for (const value of [{ [key]: text }, { a: [{ b: { [key]: 1 } }, text] }]) {
          expect(accepts(metadataSchema, value)).toBe(isRight);
        }
      }),
    );
  });

  it('refuses numbers that were rounded on the way', () => {
    const parse = (text: string): unknown => JSON.parse(text);
    for (const number of ['9007199254740993', '-1234567890123456789', '1e400', '1e22']) {
      expect(accepts(metadataSchema, parse(`{"a":[{"b":${number}}]}`))).toBe(false);
    }
    for (const number of ['9007199254740991', '-9007199254740991', '0.1', '1e-300', '1e15']) {
      expect(accepts(metadataSchema, parse(`{"a":[{"b":${number}}]}`))).toBe(true);
    }
  });

  it('is not misled by text that looks like an escape', () => {
    for (const text of ['\\ud800', '\\\\ud800', '\\u0000', '\ud83d\ude00', '\\\ud83d\ude00']) {
      expect(accepts(metadataSchema, { [text]: text })).toBe(true);
    }
    for (const text of ['\ud800', '\\\ud800', '\\\\\udc00', '\ude00\ud83d']) {
      expect(accepts(metadataSchema, { a: text })).toBe(false);
    }
  });

  it('ends exactly at its bounds', () => {
    const filled = (bytes: number) => ({ a: 'é'.repeat((bytes - 8) / 2) });
    expect(JSON.stringify(filled(LIMITS.metadataBytes))).toHaveLength(LIMITS.metadataBytes / 2 + 4);
    expect(accepts(metadataSchema, filled(LIMITS.metadataBytes))).toBe(true);
    expect(accepts(metadataSchema, filled(LIMITS.metadataBytes + 2))).toBe(false);

    const nested = (levels: number): unknown => (levels === 0 ? {} : { a: nested(levels - 1) });
    expect(accepts(metadataSchema, nested(LIMITS.metadataLevels - 1))).toBe(true);
    expect(accepts(metadataSchema, nested(LIMITS.metadataLevels))).toBe(false);
  });

  it.each([
    null,
    [],
    'text',
    1,
    undefined,
    { a: undefined },
    { a: Number.NaN },
    { a: Buffer.from('a') },
    Buffer.from('a'),
    { a: 1n },
  ])('is nothing but a JSON object: %p', (value) => {
    expect(accepts(metadataSchema, value)).toBe(false);
  });
});

it('takes usernames of 3 to 32 characters and lower-cases them', () => {
  const character = fc.constantFrom(...'abcXYZ019._-');
  fc.assert(
    fc.property(
      fc.string({ unit: character, minLength: 3, maxLength: 32 }),
      fc.constantFrom('', ' '),
      (name, space) => {
        expect(usernameSchema.parse(space + name + space)).toBe(name.toLowerCase());
      },
    ),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = usernameSchema.safeParse(text);
      if (parsed.success) expect(parsed.data).toMatch(/^[a-z0-9._-]{3,32}$/);
    }),
  );
  for (const bad of ['ab', 'a'.repeat(33), 'a b', 'jürgen', 'a/b', '', '\u212aate']) {
    expect(accepts(usernameSchema, bad)).toBe(false);
  }
});

it('looks for usernames as they may be written on entry, and for no other ones', () => {
  for (const written of [' KATE\n', 'Kate'])
    expect(soughtUsernameSchema.parse(written)).toBe('kate');
  // The Kelvin sign, whose small letter is a k.
  expect(soughtUsernameSchema.parse('\u212aate')).not.toBe('kate');
});

it('takes times of any offset and precision, and keeps them in one form', () => {
  const utc = '2030-01-01T00:00:00.000Z';
  for (const sent of [
    utc,
    '2030-01-01T00:00:00Z',
    '2030-01-01T02:00:00+02:00',
    '2030-01-01T00:00:00.000123Z',
  ])
    expect(sentTimeSchema.parse(sent)).toBe(utc);
  for (const bad of ['2030-01-01', '2030-01-01T00:00:00', '2030-02-30T00:00:00Z', 'soon', ''])
    expect([bad, accepts(sentTimeSchema, bad)]).toEqual([bad, false]);
  // In UTC their years have more than four digits.
  for (const bad of ['9999-12-31T23:30:00-01:00', '0000-01-01T00:30:00+01:00'])
    expect([bad, accepts(sentTimeSchema, bad)]).toEqual([bad, false]);
});

it('takes passwords of 8 to 72 bytes, in one form', () => {
  expect(passwordSchema.parse('pa\u0308ssword')).toBe('p\u00e4ssword');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const bytes = Buffer.byteLength(text.normalize('NFC'));
      expect(accepts(passwordSchema, text)).toBe(bytes >= 8 && bytes <= 72);
    }),
  );
  for (const character of characters) {
    const bytes = Buffer.byteLength(character);
    expect(passwordSchema.parse(character.repeat(72 / bytes))).toBe(character.repeat(72 / bytes));
    expect(accepts(passwordSchema, `${character.repeat(72 / bytes)}a`)).toBe(false);
    expect(accepts(passwordSchema, character.repeat(8 / bytes))).toBe(bytes !== 3);
  }
  expect(accepts(passwordSchema, `\ud800${'a'.repeat(10)}`)).toBe(false);
});

it('takes titles of 1 to 200 characters without what surrounds them', () => {
  expect(titleSchema.parse('  A title ')).toBe('A title');
  expect(titleSchema.parse('a'.repeat(200))).toHaveLength(200);
  for (const bad of ['', '   ', 'a'.repeat(201), '\udfff', 'a\u0000b', '\u202etxt']) {
    expect(accepts(agentNameSchema, bad)).toBe(false);
    expect(accepts(titleSchema, bad)).toBe(false);
  }
});

it('takes one grapheme cluster as an emoji, however many code points it has', () => {
  for (const emoji of ['👍', '👍🏽', '🇩🇪', '👩‍👩‍👧‍👦', 'e\u0301', 'a']) {
    expect([emoji, accepts(emojiSchema, emoji)]).toEqual([emoji, true]);
  }
  expect(emojiSchema.parse('\u2764')).toBe(emojiSchema.parse('\u2764\ufe0f'));
  const long = `a${'\u0301'.repeat(LIMITS.emojiBytes)}`;
  for (const bad of ['', '👍👍', 'ok', '\ud83d', long, ' ', '\u200b', '\u202e', '\u0000']) {
    expect([bad, accepts(emojiSchema, bad)]).toEqual([bad, false]);
  }
});
