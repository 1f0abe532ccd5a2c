import type { Socket as TcpSocket } from 'node:net';
import type { WebSocket } from 'ws';
import { webSocketOf, type EngineSocket } from './socket-io-connection';
import { textFrames } from './text-frames';

interface Packet {
  type: string;
  data?: string | Buffer;
  options?: { wsPreEncodedFrame?: Buffer[] };
}

/** What we use of Engine.IO that its types keep private. */
interface EngineInternals {
  writeBuffer: Packet[];
  transport: {
    readyState: string;
    writable: boolean;
    send(packets: Packet[]): void;
    doClose(done?: () => void): void;
  };
}

/**
 * Lets the frames that one turn of the event loop has for a connection leave in one system call: acks and events come in
 * batches, and with a call for each frame a third of a gateway's CPU at saturation went into writev (`npm run bench`).
 */
export function coalesceWrites(engine: EngineSocket): void {
  const writes = new CoalescedWrites(engine);
  const { transport } = engine as unknown as EngineInternals;
  transport.send = (packets) => writes.send(packets);
  transport.doClose = (done) => writes.close(done);
}

class CoalescedWrites {
  private readonly tcp: TcpSocket;
  private readonly webSocket: WebSocket;
  private readonly internals: EngineInternals;
  private waiting: readonly Packet[] = NOTHING;

  constructor(engine: EngineSocket) {
    this.tcp = engine.request.socket;
    this.webSocket = webSocketOf(engine);
    this.internals = engine as unknown as EngineInternals;
  }

  send(packets: Packet[]): void {
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
    const texts = packets.map(textOf).filter((text) => text !== undefined);
    // Engine.IO has a place for frames that are made elsewhere.
    if (texts.length === packets.length && this.webSocket.readyState === this.webSocket.OPEN) {
      const options = { wsPreEncodedFrame: [textFrames(texts)] };
      return own(transport).send.call(transport, [{ type: 'message', options }]);
    }
    this.tcp.cork();
    try {
      own(transport).send.call(transport, packets);
    } finally {
      this.tcp.uncork();
    }
  }
}

const NOTHING: readonly Packet[] = [];

/** Of a packet that is a message and text, as Engine.IO's protocol has it. */
function textOf({ type, data }: Packet): string | undefined {
  return type === 'message' && typeof data === 'string' ? `4${data}` : undefined;
}

/** What Engine.IO itself does. */
function own(transport: EngineInternals['transport']): EngineInternals['transport'] {
  return Object.getPrototypeOf(transport) as EngineInternals['transport'];
}
