import fc from 'fast-check';
import { parseProxyHeader } from './parse-proxy-header';

const HTTP = 'GET / HTTP/1.1\r\n\r\n';
const parse = (text: string) => parseProxyHeader(Buffer.from(text, 'latin1'));

function v2(command: number, family: number, addresses: number[], tlv: number[] = []): Buffer {
  const body = [...addresses, ...tlv];
  const fixed = [...Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), command, family];
  return Buffer.from([...fixed, body.length >> 8, body.length & 255, ...body]);
}
const V4 = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x34, 0, 80];
const V6 = [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 7, ...Array<number>(20).fill(0)];

test.each([
  ['PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n', '192.0.2.1'],
  ['PROXY TCP6 2001:DB8::7 2001:db8::1 56324 443\r\n', '2001:db8::7'],
  ['PROXY UNKNOWN\r\n', undefined],
  ['PROXY UNKNOWN ffff:f:f:f:f:f:f:f ffff:f:f:f:f:f:f:f 65535 65535\r\n', undefined],
])('version 1: %j', (header, source) => {
  const bytes = header.length;
  expect(parse(header + HTTP)).toEqual({ kind: 'header', bytes, source });
});

test.each([
  ['TCP over IPv4', v2(0x21, 0x11, V4), '192.0.2.1'],
  ['TCP over IPv6', v2(0x21, 0x21, V6), '2001:db8::7'],
  ['with more behind the addresses', v2(0x21, 0x11, V4, [4, 0, 1, 0]), '192.0.2.1'],
  ['of the proxy itself', v2(0x20, 0x11, V4), undefined],
  ['of the proxy itself, empty', v2(0x20, 0, []), undefined],
  ['of an unspecified family', v2(0x21, 0, [1, 2, 3]), undefined],
])('version 2: %s', (_what, header, source) => {
  const bytes = header.length;
  const start = Buffer.concat([header, Buffer.from(HTTP)]);
  expect(parseProxyHeader(start)).toEqual({ kind: 'header', bytes, source });
});

test.each([
  HTTP,
  'proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n',
  'PROXY TCP4 192.0.2.1  198.51.100.1 1 2\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n',
  'PROXY TCP4 192.0.2.999 198.51.100.1 1 2\r\n',
  'PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n',
  'PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n',
  'PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n',
  'PROXY UNKNOWNS\r\n',
  `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`,
  `PROXY ${'x'.repeat(110)}`,
])('refused: %j', (text) => {
  expect(parse(text)).toEqual({ kind: 'invalid' });
});

test.each([
  ['another version', v2(0x11, 0x11, V4)],
  ['another command', v2(0x22, 0x11, V4)],
  ['UDP', v2(0x21, 0x12, V4)],
  ['a UNIX socket', v2(0x21, 0x31, Array<number>(216).fill(1))],
  ['addresses that are too short', v2(0x21, 0x21, V4)],
  ['more than anybody needs', v2(0x21, 0x11, V4, Array<number>(5_000).fill(0))],
])('refused: %s', (_what, header) => {
  expect(parseProxyHeader(header)).toEqual({ kind: 'invalid' });
});

const address = fc.ipV4();
const headers = fc.oneof(
  fc
    .tuple(address, address, fc.nat(65_535), fc.nat(65_535))
    .map(([from, to, a, b]) => Buffer.from(`PROXY TCP4 ${from} ${to} ${a} ${b}\r\n`)),
  fc
    .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.uint8Array({ maxLength: 300 }))
    .map(([addresses, tlv]) => v2(0x21, 0x11, [...addresses], [...tlv])),
);

test('a header is the same however it arrives, and what follows is none of it', () => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 50 }), (header, behind) => {
      for (let length = 0; length < header.length; length += 1) {
        expect(parseProxyHeader(header.subarray(0, length))).toEqual({ kind: 'incomplete' });
      }
      const alone = parseProxyHeader(header);
      expect(alone).toMatchObject({ kind: 'header', bytes: header.length });
      expect(parseProxyHeader(Buffer.concat([header, behind]))).toEqual(alone);
    }),
  );
});

test('nothing that comes is a failure, and none of it is waited for without end', () => {
  const beginnings = fc.constantFrom('', 'PROXY ', 'PROXY TCP4 ', '\r\n\r\n\0\r\nQUIT\n');
  fc.assert(
    fc.property(beginnings, fc.uint8Array({ maxLength: 4_200 }), (beginning, rest) => {
      const start = Buffer.concat([Buffer.from(beginning, 'latin1'), rest]);
      const header = parseProxyHeader(start);
      if (header.kind === 'incomplete') expect(start.length).toBeLessThan(4_096);
      if (header.kind === 'header') expect(header.bytes).toBeLessThanOrEqual(start.length);
    }),
    { numRuns: 1_000 },
  );
});
