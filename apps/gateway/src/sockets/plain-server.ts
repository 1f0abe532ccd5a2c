import type { Actor } from '@agent-messenger/contracts';
import { PLAIN_SUBPROTOCOL } from '@agent-messenger/contracts';
import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectAttempts } from './connect-attempts';
import { GuardedServer } from './frames/guarded-server';
import { queryHandshake } from './handshake';
import { closeStatus, PlainConnection } from './plain-connection';
import { PlainSession, type PlainSessionOptions } from './plain-session';

interface PlainServerOptions extends PlainSessionOptions {
  attempts: ConnectAttempts;
  clientIp(request: IncomingMessage): string;
}

/** The same service for what speaks no Socket.IO: `/client/connect` and `/agent/connect`. */
export class PlainServer {
  private readonly server = new GuardedServer({
    handleProtocols: (offered) => (offered.has(PLAIN_SUBPROTOCOL) ? PLAIN_SUBPROTOCOL : false),
  });

  constructor(private readonly options: PlainServerOptions) {}

  upgrade(kind: Actor['kind'], request: IncomingMessage, tcp: Duplex, head: Buffer): void {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    // An agent's credentials have no place in a URL, which proxies log.
    const inQuery = kind === 'user' ? queryHandshake(searchParams) : undefined;
    this.server.handleUpgrade(request, tcp, head, (socket) => {
      const { attempts, clientIp } = this.options;
      const live = new PlainConnection(socket, tcp as TcpSocket, clientIp(request));
      const session = new PlainSession({ kind, socket, live }, this.options);
      void session.welcome({ inQuery, attempt: attempts.of(request) });
    });
  }

  /** Closes everything, in order where the peer takes part; from now on an upgrade is answered 503. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.server.clients) socket.close(closeStatus('draining'), 'draining');
    await closed;
  }
}
