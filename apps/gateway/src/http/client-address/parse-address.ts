import ipaddr from 'ipaddr.js';

/** Of IPv6 in brackets with a zone and a port. What is longer is no address. */
const MOST_CHARS = 80;
/** `192.0.2.1:4711`; IPv6 has brackets where it has a port. */
const WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/;

/**
 * An address as proxies write it: with a port, in brackets, with a zone, IPv4 within IPv6.
 * @returns its usual form without any of them; undefined for what is none
 */
export function parseAddress(text: string): string | undefined {
  if (text.length > MOST_CHARS) return undefined;
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  const address = (bracketed ?? dotted ?? text).replace(/%[\w.~%-]+$/, '');
  // Not what ipaddr.js takes beside: 127.1, 0x7f.1 and the like.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
}
