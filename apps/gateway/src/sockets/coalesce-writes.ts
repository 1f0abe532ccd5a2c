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
    /** Ours. */
    writes?: CoalescedWrites;
  };
}

type Transport = EngineInternals['transport'];

/**
 * Lets the frames that one turn of the event loop has for a connection leave in one system call: acks and events come
 * in batches, and with a call for each frame a third of a gateway's CPU at saturation went into writev (`npm run
 * bench`).
 */
export function coalesceWrites(engine: EngineSocket): void {
  const { transport } = engine as unknown as EngineInternals;
  transport.writes = new CoalescedWrites(engine);
  transport.send = send;
  transport.doClose = doClose;
}

function send(this: Transport, packets: unknown[]): void {
  this.writes?.send(packets);
}

function doClose(this: Transport, done?: () => void): void {
  this.writes?.close(done);
}

class CoalescedWrites {
  private readonly tcp: TcpSocket;
  private readonly internals: EngineInternals;
  private waiting: readonly unknown[] = NOTHING;

  constructor(engine: EngineSocket) {
    this.tcp = engine.request.socket;
    this.internals = engine as unknown as EngineInternals;
  }

  send(packets: unknown[]): void {
    // Engine.IO keeps what comes from now on in its own buffer, until it has been written.
    this.internals.transport.writable = false;
    this.waiting = packets;
    setImmediate(() => this.flush());
  }

  /** The close frame comes after what was said before it. */
  close(done?: () => void): void {
    this.flush();
    const { transport } = this.internals;
    own(transport).doClose.call(transport, done);
  }

  private flush(): void {
    const { transport, writeBuffer } = this.internals;
    if (this.waiting.length === 0 || transport.readyState === 'closed') return;
    const packets = this.waiting.concat(writeBuffer.splice(0));
    this.waiting = NOTHING;
    this.tcp.cork();
    try {
      own(transport).send.call(transport, packets);
    } finally {
      this.tcp.uncork();
    }
  }
}

const NOTHING: readonly unknown[] = [];

/** What Engine.IO itself does. */
function own(transport: Transport): Transport {
  return Object.getPrototypeOf(transport) as Transport;
}
