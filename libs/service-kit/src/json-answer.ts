/** An answer that is JSON already, and goes out as it is. */
export class JsonAnswer<T> {
  /** @param bytes UTF-8 */
  constructor(readonly bytes: Uint8Array) {}

  static of<T>(value: T): JsonAnswer<T> {
    return new JsonAnswer(new TextEncoder().encode(JSON.stringify(value)));
  }

  /** The JSON of an answer, which may be JSON already. */
  static bytesOf(answer: unknown): Uint8Array {
    return answer instanceof JsonAnswer ? answer.bytes : Buffer.from(JSON.stringify(answer));
  }

  parse(): T {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString()) as T;
  }
}
