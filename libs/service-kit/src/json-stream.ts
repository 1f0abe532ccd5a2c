import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** An answer that is JSON, while it comes. Whoever is given one takes all of it, or discards it. */
export class JsonStream<T> {
  /** @param length bytes */
  constructor(
    readonly body: Readable,
    readonly length: number,
  ) {}

  /** The rest of it is not wanted. */
  discard(): void {
    // It ends with an error of its own, which is none.
    this.body.on('error', () => undefined).destroy();
  }

  async parse(): Promise<T> {
    return JSON.parse(await text(this.body)) as T;
  }
}
