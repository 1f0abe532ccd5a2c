import fc from 'fast-check';
import { hasInexactNumber, refuseInexactNumbers } from './inexact-numbers';

test.each([
  '0.1000000000000000055',
  '-0.1000000000000000055',
  '0.12345678901234567890',
  '9007199254740993',
  '1e400',
  '-1e400',
  '1e-400',
  '1.23456789e-320',
  '1E+0400',
  '100000000000000000000000000000001',
  '562949953421312.11',
  '5.6294995342131214e+14',
])('%s is none that a double keeps, wherever it is', (number) => {
  for (const json of [
    `{"a":[{"b":${number}}]}`,
    `[${number},1]`,
    `{"${number}":1,"c":${number} }`,
    `[1 ,\n\t${number}]`,
  ]) {
    expect(hasInexactNumber(json)).toBe(true);
    expect(JSON.stringify(JSON.parse(refuseInexactNumbers(json)))).toContain('null');
  }
});

test.each([
  '0.1',
  '0.10000000000000001',
  '0.30000000000000004',
  '1.1000000000000000000000000000',
  '000',
  '-0',
  '0e999',
  '9007199254740992',
  '1e22',
  '1e+22',
  '10000000000000000000000',
  '1.7976931348623157e308',
  '2.2250738585072014e-308',
  '5e-324',
  '0.000000000000000000000000000000000000000000001',
  // Of doubles in the middle between two: as JavaScript, C and toPrecision write them.
  '562949953421312.2',
  '-562949953421312.3',
  '5.6294995342131212e+14',
  '5.6294995342131213e+14',
])('%s is kept', (number) => {
  expect(hasInexactNumber(`{"a":[${number}]}`)).toBe(false);
});

test('texts and what stands before the JSON are no numbers', () => {
  for (const json of [
    JSON.stringify({ content: '[1e400, "0.1000000000000000055"]', '1e400': '\\"1e400' }),
    '2/client,123456789012345678901["typing",{}]',
    '123456789012345678901',
    '',
  ]) {
    expect(refuseInexactNumbers(json)).toBe(json);
    expect(hasInexactNumber(json)).toBe(false);
  }
});

test('what JavaScript and C write of doubles is left as it is', () => {
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });
  // Here one in four lies in the middle between two numbers of 16 digits, or of 17.
  const tied = fc.maxSafeNat().map((eighths) => (2 ** 52 + (eighths % 2 ** 52)) / 8);
  const double = fc.oneof(any, tied);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), double)), (entries) => {
      const json = JSON.stringify(entries);
      expect(refuseInexactNumbers(json)).toBe(json);
      const long = `[${entries.map(([, value]) => value.toExponential(16)).join()}]`;
      expect(refuseInexactNumbers(long)).toBe(long);
    }),
  );
});

test('decimals of up to 15 digits are kept, of more than 17 none is', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(fc.nat({ max: 99 }), digits, (whole, fraction) => {
      const literal = `${whole}.${fraction}`;
      const significant = literal.replace('.', '').replace(/^0+|0+$/g, '').length;
      fc.pre(significant <= 15 || significant > 17);
      expect(hasInexactNumber(`[${literal}]`)).toBe(significant > 17);
    }),
  );
});
