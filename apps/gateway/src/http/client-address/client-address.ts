import type { Logger } from '@agent-messenger/service-kit';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import proxyaddr from 'proxy-addr';
import { type AddressHeader, forwardedFor } from './forwarded-for';
import { parseAddress } from './parse-address';

/** Requests of trusted proxies without the header, and none with it, after which something is likely to be amiss. */
const SILENT_REQUESTS = 200;
/** RFC 7239: an identifier that a proxy gives a client instead of telling its address. */
const OBFUSCATED = /^_[\w.-]{1,63}$/;

interface ClientAddressOptions {
  /** Addresses and subnets of proxies whose header counts. */
  trusted: string[];
  header: AddressHeader;
  /** Whom a proxy spoke for when it opened this connection. */
  sourceOf?: (socket: Socket) => string | undefined;
  log: Logger;
}

export type ClientAddress = (request: IncomingMessage) => string;

/**
 * Who asks: the last address that no trusted proxy has. Where a proxy names nobody that can be read, its own address
 * stands for its clients; that, and settings that are probably not meant, are told in the log, each once.
 */
export function createClientAddress({
  trusted,
  header,
  sourceOf,
  log,
}: ClientAddressOptions): ClientAddress {
  const compiled = proxyaddr.compile(trusted);
  const isTrusted = (address: string) => compiled(address, 0);
  const warned = new Set<string>();
  const warnOnce = (topic: string, fields: object, text: string) => {
    if (warned.has(topic)) return;
    warned.add(topic);
    log.warn(fields, text);
  };
  let silentRequests = 0;

  function noteSilence(peer: string): void {
    silentRequests += 1;
    if (silentRequests !== SILENT_REQUESTS) return;
    const text = `a proxy that TRUST_PROXY names has not sent ${header} yet: its clients share the limits of its address`;
    warnOnce('silent', { peer }, text);
  }

  return (request) => {
    const { remoteAddress = 'unknown' } = request.socket;
    const peer = sourceOf?.(request.socket) ?? parseAddress(remoteAddress) ?? remoteAddress;
    const hops = forwardedFor(request, header);
    if (!isTrusted(peer)) {
      if (hops.length > 0) {
        const text = `${header} comes from an address that TRUST_PROXY does not name, and does not count: if it is your proxy, name it`;
        warnOnce('untrusted', { peer }, text);
      }
      return peer;
    }
    if (hops.length === 0) {
      noteSilence(peer);
      return peer;
    }
    silentRequests = Number.NEGATIVE_INFINITY;
    let nearest = peer;
    for (const hop of hops.reverse()) {
      const address = parseAddress(hop);
      if (address === undefined) {
        if (OBFUSCATED.test(hop)) return hop;
        const text = `${header} has an entry that is no address: the clients behind it share the limits of the proxy that wrote it`;
        warnOnce('unreadable', { peer, entry: hop.slice(0, 64) }, text);
        return nearest;
      }
      nearest = address;
      if (!isTrusted(address)) break;
    }
    return nearest;
  };
}
