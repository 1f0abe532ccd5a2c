import { isIPv4, isIPv6 } from 'node:net';
import { parseAddress } from '../client-address/parse-address';

/** What the first bytes of a connection are; `source` is undefined where the proxy speaks for itself. */
export type ProxyHeader =
  | { kind: 'header'; bytes: number; source: string | undefined }
  | { kind: 'incomplete' }
  | { kind: 'invalid' };

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };
const INVALID: ProxyHeader = { kind: 'invalid' };

const V1 = Buffer.from('PROXY ');
/** With its line end. */
const V1_BYTES = 107;
const LINE_END = Buffer.from('\r\n');
const PORT = '(?:0|[1-9]\\d{0,4})';
const V1_LINE = new RegExp(`^PROXY TCP([46]) ([\\d.a-fA-F:]+) ([\\d.a-fA-F:]+) ${PORT} ${PORT}$`);

const V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family, length. */
const V2_FIXED = 16;
/** Addresses and what a proxy may add to them: a certificate's names at most. */
const V2_BYTES = 4_096;
const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP4 = 0x11;
const TCP6 = 0x21;

/**
 * Reads a header of the PROXY protocol, version 1 or 2 (haproxy.org/download/2.6/doc/proxy-protocol.txt), as far as TCP
 * is concerned. @param start the first bytes of a connection, as many as have come
 */
export function parseProxyHeader(start: Buffer): ProxyHeader {
  if (begins(start, V2)) return start.length < V2_FIXED ? INCOMPLETE : parseV2(start);
  if (begins(start, V1)) return parseV1(start);
  return INVALID;
}

/** Also when too little has come to tell. */
function begins(start: Buffer, signature: Buffer): boolean {
  const length = Math.min(start.length, signature.length);
  return start.subarray(0, length).equals(signature.subarray(0, length));
}

function parseV1(start: Buffer): ProxyHeader {
  const end = start.indexOf(LINE_END);
  if (end === -1) return start.length < V1_BYTES ? INCOMPLETE : INVALID;
  const bytes = end + LINE_END.length;
  if (bytes > V1_BYTES) return INVALID;
  const line = start.toString('latin1', 0, end);
  // Health checks, and what the proxy does not know: what follows is not read.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { kind: 'header', bytes, source: undefined };
  const [, family, source = '', target = ''] = V1_LINE.exec(line) ?? [];
  const isOfFamily = family === '4' ? isIPv4 : isIPv6;
  if (family === undefined || !isOfFamily(source) || !isOfFamily(target)) return INVALID;
  return { kind: 'header', bytes, source: parseAddress(source) };
}

function parseV2(start: Buffer): ProxyHeader {
  const [command, family] = [start.readUInt8(12), start.readUInt8(13)];
  const bytes = V2_FIXED + start.readUInt16BE(14);
  if ((command !== LOCAL && command !== PROXY) || bytes > V2_BYTES) return INVALID;
  if (start.length < bytes) return INCOMPLETE;
  if (command === LOCAL || family === UNSPECIFIED)
    return { kind: 'header', bytes, source: undefined };
  const addresses = start.subarray(V2_FIXED, bytes);
  if (family === TCP4 && addresses.length >= 12) {
    return { kind: 'header', bytes, source: addresses.subarray(0, 4).join('.') };
  }
  if (family === TCP6 && addresses.length >= 36) {
    const groups = addresses.subarray(0, 16).toString('hex').match(/..../g) ?? [];
    return { kind: 'header', bytes, source: parseAddress(groups.join(':')) };
  }
  return INVALID;
}
