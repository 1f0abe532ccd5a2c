import { WebSocket } from 'ws';

const DEADLINE_MS = 5_000;

/** A WebSocket as a page of the site opens it, frame by frame. */
export class Frames {
  readonly #socket: WebSocket;
  readonly #seen: string[] = [];
  #look: () => void = () => undefined;
  /** Why it ended. */
  #end: string | undefined;

  constructor(base: string, path: string) {
    this.#socket = new WebSocket(base.replace('http', 'ws') + path, {
      origin: new URL(base).origin,
      perMessageDeflate: false,
      handshakeTimeout: DEADLINE_MS,
    });
    this.#socket.on('message', (data: Buffer) => {
      this.#seen.push(data.toString());
      this.#look();
    });
    // Engine.IO's own ping; a WebSocket's is answered by the library.
    this.#socket.on('message', (data: Buffer) => {
      if (data.toString() === '2') this.#socket.send('3');
    });
    this.#socket.on('error', ({ message }) => this.#ended(message));
    this.#socket.on('close', (code) => this.#ended(`closed with ${code}`));
  }

  get end(): string | undefined {
    return this.#end;
  }

  /** Waits until it is open. @throws with what was answered instead */
  async opened(): Promise<this> {
    const isOpen = () => this.#socket.readyState === WebSocket.OPEN || undefined;
    this.#socket.once('open', () => this.#look());
    await this.#until(isOpen, 'the handshake');
    return this;
  }

  send(frame: string): void {
    this.#socket.send(frame);
  }

  /** The first frame with this in it, now or later. @throws when it has not come within 5 s, or has ended before */
  first(text: string): Promise<string> {
    return this.#until(() => this.#seen.find((frame) => frame.includes(text)), text);
  }

  /** Resolves after this time, or as soon as it has ended. */
  async idle(ms: number): Promise<void> {
    await this.#wait(() => this.#end, ms);
  }

  close(): void {
    this.#socket.terminate();
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    // It may be gone a moment later: what has answered at once may have closed at once too.
    const found = await this.#wait(() => {
      const value = look();
      if (value !== undefined) return { value };
      return this.#end === undefined ? undefined : { end: this.#end };
    }, DEADLINE_MS);
    if (found === undefined) throw new Error(`${what} did not come within 5 s`);
    if ('end' in found) throw new Error(found.end);
    return found.value;
  }

  #wait<T>(look: () => T | undefined, ms: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), ms);
      const done = (value: T | undefined) => {
        clearTimeout(timer);
        this.#look = () => undefined;
        resolve(value);
      };
      this.#look = () => {
        const value = look();
        if (value !== undefined) done(value);
      };
      this.#look();
    });
  }

  #ended(why: string): void {
    this.#end ??= why;
    this.#look();
  }
}
