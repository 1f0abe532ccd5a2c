import fc from 'fast-check';
import { countedNetworks, networkOf, siteOf } from './network-of';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:0000:ffff:ffff:ffff:ffff', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s is counted as %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

test.each(['localhost', '192.0.2', '1.2.3.4.5', 'x'.repeat(10_000), '2001:db8::1::1'])(
  'what is no address is counted as it is written, as far as it has a bound: %.20p',
  (ip) => {
    expect(networkOf(ip)).toBe(ip.slice(0, 64));
    expect(siteOf(ip)).toBeUndefined();
  },
);

test('an IPv6 address has a site besides, an IPv4 address has none', () => {
  expect(networkOf('')).toBe('unknown');
  expect(siteOf('2001:db8:0:7::1')).toBe('2001:db8:0::/48');
  expect(siteOf('2001:db8:1:7::1')).toBe('2001:db8:1::/48');
  expect(siteOf('::ffff:192.0.2.1')).toBeUndefined();
});

test('what is counted: an IPv4 address once, an IPv6 address by its /64 and, more generously, its /48', () => {
  expect(countedNetworks('192.0.2.1')).toEqual([{ name: '192.0.2.1', factor: 1 }]);
  expect(countedNetworks('2001:db8:1:7::1')).toEqual([
    { name: '2001:db8:1:7::/64', factor: 1 },
    { name: '2001:db8:1::/48', factor: 8 },
  ]);
});

test('all addresses of a /64 are one, those of two are two, whatever they look like', () => {
  const network = fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 });
  const host = fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 4, maxLength: 4 });
  const write = (parts: number[]) => parts.map((part) => part.toString(16)).join(':');
  fc.assert(
    fc.property(network, network, host, host, (one, two, a, b) => {
      // ::ffff:0:0/96 is how IPv4 is written.
      fc.pre(one.some(Boolean) && two.some(Boolean));
      expect(networkOf(write([...one, ...a]))).toBe(networkOf(write([...one, ...b])));
      const isSame = write(one) === write(two);
      expect(networkOf(write([...one, ...a])) === networkOf(write([...two, ...a]))).toBe(isSame);
    }),
  );
});
