import fc from 'fast-check';
import { formatApiKey, newApiKey, parseApiKey } from './api-keys';

test('a new key has the documented form and is read back', () => {
  const key = newApiKey();
  expect(formatApiKey(key)).toMatch(/^amk_[a-z0-9]+_[A-Za-z0-9_-]{43}$/);
  expect(parseApiKey(formatApiKey(key))).toEqual(key);
  expect(newApiKey()).not.toEqual(key);
});

test('every key is read back as it was written', () => {
  const keyId = fc.stringMatching(/^[a-z0-9]{1,32}$/);
  const secret = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
  fc.assert(
    fc.property(keyId, secret, (id, text) => {
      expect(parseApiKey(formatApiKey({ keyId: id, secret: text }))).toEqual({
        keyId: id,
        secret: text,
      });
    }),
  );
});

test('what is read as a key is written back as it was', () => {
  const near = fc.stringMatching(/^amk_[a-z0-9_]{0,34}_[A-Za-z0-9_-]{40,46}\n?$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const key = parseApiKey(text);
      if (key) expect(formatApiKey(key)).toBe(text);
    }),
  );
});

const secret = 'x'.repeat(43);
test.each([
  '',
  'amk_',
  `amk_key1_${secret}\n`,
  ` amk_key1_${secret}`,
  `amk_KEY1_${secret}`,
  `amk__${secret}`,
  `amk_a_b_${secret.slice(1)}!`,
  `amk_key1_${secret}x`,
  `amk_key1_${secret.slice(1)}`,
  `amk_key1_${secret.slice(1)}=`,
  `AMK_key1_${secret}`,
])('%j is not a key', (text) => {
  expect(parseApiKey(text)).toBeNull();
});
