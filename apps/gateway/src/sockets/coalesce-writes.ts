import type { Socket as TcpSocket } from 'node:net';
import type { EngineSocket } from './socket-io-connection';

/** What we use of Engine.IO that its types keep private. */
interface EngineInternals {
  writeBuffer: unknown[];
  transport: {
    readyState: string;
    writable: boolean;
    send(packets: unknown[]): void;
    doClose(done?: () => void): void;
  };
}

/**
 * Lets the frames that one turn of the event loop has for a connection leave in one system call: acks and events come in
 * batches, and with a call for each frame a third of a gateway's CPU at saturation went into writev (`npm run bench`).
 */
export function coalesceWrites(engine: EngineSocket): void {
  const tcp: TcpSocket = engine.request.socket;
  const internals = engine as unknown as EngineInternals;
  const { transport } = internals;
  const send = transport.send.bind(transport);
  const doClose = transport.doClose.bind(transport);
  let waiting: unknown[] = [];

  const flush = () => {
    if (waiting.length === 0 || transport.readyState === 'closed') return;
    const packets = waiting.concat(internals.writeBuffer.splice(0));
    waiting = [];
    tcp.cork();
    try {
      send(packets);
    } finally {
      tcp.uncork();
    }
  };
  transport.send = (packets) => {
    // Engine.IO keeps what comes from now on in its own buffer, until it has been written.
    transport.writable = false;
    waiting = packets;
    setImmediate(flush);
  };
  // The close frame comes after what was said before it.
  transport.doClose = (done) => {
    flush();
    doClose(done);
  };
}
