import fc from 'fast-check';
import { networkOf } from './network-of';

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

test.each(['', 'localhost', '192.0.2', '1.2.3.4.5', 'x'.repeat(10_000), '2001:db8::1::1'])(
  'what is no address has no name of its own: %.20p',
  (ip) => {
    expect(networkOf(ip)).toBe('unknown');
  },
);

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
