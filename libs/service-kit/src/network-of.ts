import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

/** Parts of an IPv6 address that name the network: who has one address of a /64 has all of them. */
const IPV6_NETWORK_PARTS = 4;

/** Of the /48 that a site has: who has one may have 65,536 networks. */
const IPV6_SITE_PARTS = 3;
/** How many times the budget of one network its site has. */
export const NETWORKS_PER_SITE = 8;
/** Of a name that stands for an address. */
const NAME_CHARS = 64;

/**
 * What an IP address is counted as: itself, an IPv6 address its /64. What is no address is counted as it is written.
 */
export function networkOf(ip: string): string {
  if (!isIP(ip)) return ip.slice(0, NAME_CHARS) || 'unknown';
  // IPv4-mapped addresses become IPv4.
  const address = ipaddr.process(ip);
  return 'parts' in address ? prefixOf(address.parts, IPV6_NETWORK_PARTS) : address.toString();
}

/** The /48 of an IPv6 address, as which it is counted besides; undefined for all else. */
export function siteOf(ip: string): string | undefined {
  if (!isIP(ip)) return undefined;
  const address = ipaddr.process(ip);
  return 'parts' in address ? prefixOf(address.parts, IPV6_SITE_PARTS) : undefined;
}

/** As what failures or requests from an address are counted, and how many times the usual budget each has. */
export function countedNetworks(ip: string): { name: string; factor: number }[] {
  const site = siteOf(ip);
  const network = { name: networkOf(ip), factor: 1 };
  return site === undefined ? [network] : [network, { name: site, factor: NETWORKS_PER_SITE }];
}

function prefixOf(parts: number[], count: number): string {
  const prefix = parts.slice(0, count).map((part) => part.toString(16));
  return `${prefix.join(':')}::/${count * 16}`;
}
