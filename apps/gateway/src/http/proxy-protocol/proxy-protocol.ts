import type { Logger } from '@agent-messenger/service-kit';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { parseProxyHeader } from './parse-proxy-header';

interface ProxyProtocolOptions {
  /** Whether connections from this address begin with a header; those from others are taken as they are. */
  isProxy(address: string): boolean;
  /** How long the header may take, ms. */
  timeoutMs: number;
  log: Logger;
}

/**
 * Takes the header of the PROXY protocol off connections of trusted proxies before HTTP is read. One that a proxy opens
 * without a header is ended: to guess would let clients write headers.
 */
export class ProxyProtocol {
  private readonly sources = new WeakMap<Socket, string>();
  private hasWarned = false;

  constructor(private readonly options: ProxyProtocolOptions) {}

  /** Before anything else listens to connections of this server. */
  listen(http: Server): void {
    const serve = http.listeners('connection') as ((socket: Socket) => void)[];
    http.removeAllListeners('connection');
    http.on('connection', (socket: Socket) => {
      const begin = () => serve.forEach((listener) => listener.call(http, socket));
      if (this.options.isProxy(socket.remoteAddress ?? '')) this.expectHeader(socket, begin);
      else begin();
    });
  }

  /** Whom a proxy speaks for on this connection; undefined when nobody did, or it speaks for itself. */
  sourceOf(socket: Socket): string | undefined {
    return this.sources.get(socket);
  }

  private expectHeader(socket: Socket, begin: () => void): void {
    let start = Buffer.alloc(0);
    const timer = setTimeout(() => refuse('none in time'), this.options.timeoutMs);
    const ignore = () => undefined;
    const stop = () => {
      clearTimeout(timer);
      socket.off('data', read).off('close', stop).off('end', end);
    };
    const refuse = (reason: string) => {
      stop();
      this.warnOnce(socket, reason);
      socket.destroy();
    };
    const end = () => refuse('ended before it');
    const read = (chunk: Buffer) => {
      start = Buffer.concat([start, chunk]);
      const header = parseProxyHeader(start);
      if (header.kind === 'incomplete') return;
      if (header.kind === 'invalid') return refuse('something else');
      stop();
      if (header.source !== undefined) this.sources.set(socket, header.source);
      // What came behind it is the beginning of HTTP, which reads on in this turn and not before.
      socket.pause();
      if (start.length > header.bytes) socket.unshift(start.subarray(header.bytes));
      begin();
      socket.off('error', ignore);
      socket.resume();
    };
    // The close that follows is what counts.
    socket.on('error', ignore);
    socket.on('data', read).on('close', stop).on('end', end);
  }

  private warnOnce(socket: Socket, found: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const text =
      'a connection of a proxy that TRUST_PROXY names has to begin with a PROXY protocol header, since PROXY_PROTOCOL is on';
    this.options.log.warn({ peer: socket.remoteAddress, found }, text);
  }
}
