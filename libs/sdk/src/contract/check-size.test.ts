import { LIMITS, sendSchema } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { checkSize } from './check-size';

const ids = { conversation_id: 'cnv_1', client_id: 'c-1' };
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.integer({ min: 1, max: 80_000 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 1, max: 40_000 }).map((length) => '€'.repeat(length)),
);
const passes = (payload: object) => {
  try {
    checkSize(payload);
    return true;
  } catch {
    return false;
  }
};

it('refuses nothing that a server takes, and lets nothing pass that its frame cannot carry', () => {
  fc.assert(
    fc.property(
      text,
      fc.option(fc.dictionary(fc.string(), text, { maxKeys: 4 })),
      (content, map) => {
        const payload = { ...ids, content, ...(map === null ? {} : { metadata: map }) };
        if (sendSchema.safeParse(payload).success) expect(passes(payload)).toBe(true);
        if (passes(payload)) {
          const frame = JSON.stringify({ type: 'message:send', id: 1, data: payload });
          expect(Buffer.byteLength(frame)).toBeLessThan(LIMITS.frameBytes);
        }
      },
    ),
  );
});

it('refuses content, metadata and payloads beyond their bounds', () => {
  expect(() => checkSize({ content: 'x'.repeat(65_537) })).toThrow(
    'content: must be at most 65536',
  );
  expect(() => checkSize({ metadata: { a: 'x'.repeat(8_192) } })).toThrow('metadata');
  expect(passes({ ...ids, emoji: 'x'.repeat(LIMITS.frameBytes) })).toBe(false);
});

it('refuses what is no JSON', () => {
  const circular: { self?: object } = {};
  circular.self = circular;
  expect(passes({ metadata: circular })).toBe(false);
  expect(passes({ metadata: { big: 1n } })).toBe(false);
});
