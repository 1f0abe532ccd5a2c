import type { Connection } from '../connections/connection';
import type { StreamKey } from './stream-state';
import type { StreamWriter } from './stream-writer';

/** A stream that an agent's connection writes. */
export interface OpenStream {
  key: StreamKey;
  conversationId: string;
  writer: StreamWriter;
  /** Whether the agent knows that a person has asked to stop. */
  isStopKnown: boolean;
}

interface Slot {
  /** Settles with what was asked for last. Never rejects. */
  turn: Promise<unknown>;
  /** Requests that have not had their turn. */
  waiting: number;
  stream: OpenStream | undefined;
}

/** The streams that the agents' connections of this gateway write, by stream id. */
export class OpenStreams {
  private readonly slots = new Map<Connection, Map<string, Slot>>();

  get size(): number {
    let size = 0;
    for (const connection of this.slots.keys()) size += this.of(connection).length;
    return size;
  }

  /** Everything that is asked of a stream is carried out in order. */
  inTurn<T>(
    connection: Connection,
    streamId: string,
    work: (stream: OpenStream | undefined) => Promise<T>,
  ): Promise<T> {
    const slot = this.slotOf(connection, streamId);
    slot.waiting += 1;
    const turn = slot.turn
      .then(() => work(slot.stream))
      .finally(() => {
        slot.waiting -= 1;
        this.tidy(connection, streamId, slot);
      });
    slot.turn = turn.catch(() => undefined);
    return turn;
  }

  /** The same for what waits for nothing: it is done at once when nothing else is to be done before it. */
  atOnce(
    connection: Connection,
    streamId: string,
    work: (stream: OpenStream | undefined) => void,
  ): Promise<void> | undefined {
    const slot = this.slots.get(connection)?.get(streamId);
    if (slot && slot.waiting > 0) {
      return this.inTurn(connection, streamId, async (stream) => work(stream));
    }
    work(slot?.stream);
    return undefined;
  }

  /** In its turn, begins or resumes one. `open` gets the one that there is. */
  open(
    connection: Connection,
    streamId: string,
    open: (earlier: OpenStream | undefined) => Promise<OpenStream | undefined>,
  ): Promise<void> {
    return this.inTurn(connection, streamId, async (earlier) => {
      const stream = await open(earlier);
      this.slotOf(connection, streamId).stream = stream;
    });
  }

  get(connection: Connection, streamId: string): OpenStream | undefined {
    return this.slots.get(connection)?.get(streamId)?.stream;
  }

  /** It is no longer this connection's. */
  close(connection: Connection, stream: OpenStream): void {
    const { streamId } = stream.key;
    stream.writer.discard();
    const slot = this.slots.get(connection)?.get(streamId);
    if (slot?.stream !== stream) return;
    slot.stream = undefined;
    this.tidy(connection, streamId, slot);
  }

  /** All of a connection. */
  of(connection: Connection): OpenStream[] {
    const slots = this.slots.get(connection)?.values() ?? [];
    return [...slots].flatMap(({ stream }) => (stream ? [stream] : []));
  }

  connections(): Connection[] {
    return [...this.slots.keys()];
  }

  private slotOf(connection: Connection, streamId: string): Slot {
    const slots = this.slots.get(connection) ?? new Map<string, Slot>();
    this.slots.set(connection, slots);
    const slot = slots.get(streamId) ?? { turn: Promise.resolve(), waiting: 0, stream: undefined };
    slots.set(streamId, slot);
    return slot;
  }

  /** Nothing is kept of what nobody writes any more. */
  private tidy(connection: Connection, streamId: string, slot: Slot): void {
    if (slot.waiting > 0 || (slot.stream && !connection.isClosed)) return;
    const slots = this.slots.get(connection);
    slots?.delete(streamId);
    if (slots?.size === 0) this.slots.delete(connection);
  }
}
