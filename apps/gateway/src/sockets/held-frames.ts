import type { WebSocket } from 'ws';

/** The text of a frame; undefined for a binary one. */
type Text = string | undefined;

interface Receiver {
  receive(text: Text): Promise<void>;
}

/**
 * The frames of a WebSocket, from the first on, in order. While nobody takes them the socket is paused: only what one
 * read brought along waits here, the rest stays with the peer.
 */
export class HeldFrames {
  /** An idle connection has none. One read may bring thousands. */
  private waiting: Text[] | undefined;
  private receiver: Receiver | undefined;
  private arrived: (() => void) | undefined;

  constructor(private readonly socket: WebSocket) {}

  /** One that has come. */
  take(text: Text): void {
    if (this.receiver) return void this.receiver.receive(text);
    this.waiting ??= [];
    this.waiting.push(text);
    this.socket.pause();
    this.arrived?.();
  }

  /** The first frame; undefined when none comes in time, or it is binary. */
  async first(timeoutMs: number): Promise<Text> {
    if (!this.waiting) await this.arrival(timeoutMs);
    const text = this.waiting?.shift();
    // A paused socket does not notice that its peer has gone. A further frame pauses it again.
    if (!this.waiting?.length) this.socket.resume();
    return text;
  }

  /** Hands over what waits, then what comes. */
  serve(receiver: Receiver): void {
    this.receiver = receiver;
    const { waiting = [] } = this;
    this.waiting = undefined;
    for (const text of waiting) void receiver.receive(text);
    this.socket.resume();
  }

  private arrival(timeoutMs: number): Promise<void> {
    const { socket } = this;
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.arrived = undefined;
        socket.off('close', settle);
        resolve();
      };
      // What has come by then is read first: that this process was busy is no silence of the peer's.
      const timer = setTimeout(() => setImmediate(settle), timeoutMs);
      this.arrived = settle;
      socket.on('close', settle);
    });
  }
}
