import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

/** Parts of an IPv6 address that name the network: who has one address of a /64 has all of them. */
const IPV6_NETWORK_PARTS = 4;

/** What an IP address is counted as: itself, an IPv6 address its /64. What is no address shares one name. */
export function networkOf(ip: string): string {
  if (!isIP(ip)) return 'unknown';
  // IPv4-mapped addresses become IPv4.
  const address = ipaddr.process(ip);
  if (!('parts' in address)) return address.toString();
  const network = address.parts.slice(0, IPV6_NETWORK_PARTS).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
