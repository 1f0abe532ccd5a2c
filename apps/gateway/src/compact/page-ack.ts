import type { Ack, RequestName } from '@agent-messenger/contracts';
import { jsonBytes, type JsonAnswer } from '@agent-messenger/service-kit';

/** Of an answer as JSON, which a page is already. */
export function answerBytes(answer: unknown): number {
  return answer instanceof PageAck ? answer.bytes : jsonBytes(answer);
}

/** The ack of a page of the log, which is JSON already: it may have half a megabyte, and goes out as it came. */
export class PageAck {
  readonly ok = true;

  constructor(private readonly page: JsonAnswer<object>) {}

  get bytes(): number {
    return this.page.bytes.length;
  }

  /** For a transport that makes JSON of it itself. */
  parse(): Ack<RequestName> {
    return { ok: true, ...this.page.parse() } as Ack<RequestName>;
  }

  /** As the frame of a plain WebSocket. */
  toFrame(id: string | number): Buffer {
    return Buffer.concat([
      Buffer.from(`{"type":"ack","id":${JSON.stringify(id)},"data":{"ok":true,`),
      this.page.bytes.subarray(1),
      Buffer.from('}'),
    ]);
  }
}
