import fc from 'fast-check';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { loggerOf } from '../../../tests/fakes';
import { createClientAddress } from './client-address';
import type { AddressHeader } from './forwarded-for';
import { parseAddress } from './parse-address';

function setup(trusted: string[], header: AddressHeader = 'x-forwarded-for') {
  const { log, lines } = loggerOf();
  const clientAddress = createClientAddress({ trusted, header, log });
  const ask = (remoteAddress: string, headers: IncomingHttpHeaders = {}) =>
    clientAddress({ socket: { remoteAddress }, headers } as unknown as IncomingMessage);
  return { ask, lines };
}

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1:4711', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%25eth0]:443', 'fe80::1'],
  ['[fe80::1%eth0]:443', 'fe80::1'],
  ['192.0.2', undefined],
  ['0x7f.1', undefined],
  ['192.0.2.256', undefined],
  ['192.0.2.1:port', undefined],
  ['unknown', undefined],
  ['', undefined],
  ['x'.repeat(4_000), undefined],
])('%s is %s', (text, address) => {
  expect(parseAddress(text)).toBe(address);
});

test('nothing that anybody writes is a failure', () => {
  const header = fc.constantFrom<AddressHeader>('x-forwarded-for', 'forwarded');
  fc.assert(
    fc.property(header, fc.string({ unit: 'grapheme', maxLength: 200 }), (name, text) => {
      const { ask } = setup(['loopback'], name);
      expect(ask('127.0.0.1', { [name]: text })).not.toBe('');
      expect(ask('192.0.2.7', { [name]: text })).toBe('192.0.2.7');
    }),
  );
});

test.each([
  ['for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60'],
  ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
  ['for=192.0.2.43, for=198.51.100.17', '198.51.100.17'],
  ['for=192.0.2.43, for="127.0.0.1:80"', '192.0.2.43'],
  ['by=10.0.0.1;for="192.0.2.9:80";host="a,b"', '192.0.2.9'],
  ['for=_hidden', '_hidden'],
  ['proto=https', '127.0.0.1'],
  ['for=unknown', '127.0.0.1'],
])('Forwarded: %s is from %s', (text, address) => {
  expect(setup(['loopback'], 'forwarded').ask('127.0.0.1', { forwarded: text })).toBe(address);
});

test('only the configured header counts', () => {
  const both = { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.2' };
  expect(setup(['loopback']).ask('127.0.0.1', both)).toBe('192.0.2.1');
  expect(setup(['loopback'], 'forwarded').ask('127.0.0.1', both)).toBe('192.0.2.2');
});

test('what cannot be read stands for the clients of its proxy, not for everybody, and is told once', () => {
  const { ask, lines } = setup(['loopback', '10.0.0.0/8']);
  expect(ask('127.0.0.1', { 'x-forwarded-for': 'garbage, 10.0.0.1' })).toBe('10.0.0.1');
  expect(ask('127.0.0.1', { 'x-forwarded-for': 'rubbish, 10.0.0.2' })).toBe('10.0.0.2');
  expect(ask('::ffff:127.0.0.1', { 'x-forwarded-for': '192.0.2.1,' })).toBe('127.0.0.1');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 40, entry: 'garbage' });
});

test('a proxy that is not trusted, and one that names nobody, are told once each', () => {
  const { ask, lines } = setup(['10.0.0.0/8']);
  for (let n = 0; n < 500; n += 1) {
    ask('192.0.2.1', { 'x-forwarded-for': '198.51.100.1' });
    ask('10.0.0.1');
  }
  expect(lines.map(({ msg }) => String(msg).split(/ (comes|has)/)[0])).toEqual([
    'x-forwarded-for',
    'a proxy that TRUST_PROXY names',
  ]);
  const fine = setup(['10.0.0.0/8']);
  fine.ask('10.0.0.1', { 'x-forwarded-for': '198.51.100.1' });
  for (let n = 0; n < 500; n += 1) fine.ask('10.0.0.1');
  expect(fine.lines).toEqual([]);
});
