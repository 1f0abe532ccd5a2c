import { BlockList, isIP } from 'node:net';

/** Not on the internet: https://www.iana.org/assignments/iana-ipv4-special-registry */
const PRIVATE_IPV4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Not on the internet: https://www.iana.org/assignments/iana-ipv6-special-registry, and what tunnels lead to. */
const PRIVATE_IPV6: [string, number][] = [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
];

const privateAddresses = new BlockList();
for (const [net, prefix] of PRIVATE_IPV4) {
  // Node looks at ::ffff:a.b.c.d as at a.b.c.d; a translator (NAT64) does the same with 64:ff9b::a.b.c.d.
  privateAddresses.addSubnet(net, prefix, 'ipv4');
  privateAddresses.addSubnet(`64:ff9b::${net}`, 96 + prefix, 'ipv6');
}
for (const [net, prefix] of PRIVATE_IPV6) privateAddresses.addSubnet(net, prefix, 'ipv6');

/** Also of IPv4 addresses that are written as IPv6 ones. */
export function isPrivateAddress(address: string): boolean {
  // A link-local one may name its interface, fe80::1%eth0, which the list does not understand.
  const [plain = ''] = address.split('%');
  return privateAddresses.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}
