import type { WebSocket } from 'ws';

/** The text of a frame; undefined for a binary one. */
type Text = string | undefined;

/**
 * The frames of a WebSocket, from the first on, in order. While nobody takes them the socket is paused: only what one
 * read brought along waits here, the rest stays with the peer.
 */
export class HeldFrames {
  private readonly waiting: Text[] = [];
  private take: ((text: Text) => void) | undefined;

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      // ws hands over a text frame as one Buffer of valid UTF-8.
      const text = isBinary ? undefined : (data as Buffer).toString('utf8');
      if (this.take) return this.take(text);
      this.waiting.push(text);
      socket.pause();
    });
  }

  /** The first frame; undefined when none comes in time, or it is binary. */
  async first(timeoutMs: number): Promise<Text> {
    if (this.waiting.length === 0) await this.arrival(timeoutMs);
    const text = this.waiting.shift();
    // A paused socket does not notice that its peer has gone. A further frame pauses it again.
    if (this.waiting.length === 0) this.socket.resume();
    return text;
  }

  /** Hands over what waits, then what comes. */
  serve(take: (text: Text) => void): void {
    this.take = take;
    for (const text of this.waiting.splice(0)) take(text);
    this.socket.resume();
  }

  private arrival(timeoutMs: number): Promise<void> {
    const { socket } = this;
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        socket.off('message', settle);
        socket.off('close', settle);
        resolve();
      };
      // What has come by then is read first: that this process was busy is no silence of the peer's.
      const timer = setTimeout(() => setImmediate(settle), timeoutMs);
      socket.on('message', settle);
      socket.on('close', settle);
    });
  }
}
