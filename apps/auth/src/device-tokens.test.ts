import fc from 'fast-check';
import { createDeviceTokens } from './device-tokens';

const secret = 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc';
const devices = createDeviceTokens(secret);

test('a token is read by every replica, and by none with another secret', () => {
  const token = devices.issue('ada', null);
  const id = devices.read(token, 'ada');
  expect(id).toMatch(/^[\w-]{22}$/);
  expect(createDeviceTokens(secret).read(token, 'ada')).toBe(id);
  expect(createDeviceTokens(`${secret}x`).read(token, 'ada')).toBeNull();
});

test('a token is of one account', () => {
  const token = devices.issue('ada', null);
  for (const account of ['grace', 'ad', 'ada ', '', token]) {
    expect(devices.read(token, account)).toBeNull();
  }
});

test('a known device keeps its id, and each new one gets its own', () => {
  const id = devices.read(devices.issue('ada', null), 'ada');
  expect(devices.read(devices.issue('ada', id), 'ada')).toBe(id);
  expect(devices.read(devices.issue('ada', null), 'ada')).not.toBe(id);
});

test('a token says neither the account nor the secret', () => {
  expect(devices.issue('ada', null)).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
});

test('nobody makes one up', () => {
  const token = devices.issue('ada', null);
  expect(devices.read(undefined, 'ada')).toBeNull();
  fc.assert(fc.property(fc.string(), (text) => devices.read(text, 'ada') === null));
  fc.assert(
    // The last character carries bits that base64url decoders ignore.
    fc.property(fc.nat(token.length - 2), fc.constantFrom('A', 'z', '.', '_'), (at, character) => {
      fc.pre(token[at] !== character);
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      expect(devices.read(changed, 'ada')).toBeNull();
    }),
  );
});
