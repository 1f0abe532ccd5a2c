import { PassThrough, pipeline, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { AppError, JsonAnswer, JsonStream, networkOf } from '@agent-messenger/service-kit';
import type { Response } from 'express';

/** Answers that an address has asked for and not taken, in all: many pages, for many people behind it. */
const BYTES_PER_ADDRESS = 64 * 1024 * 1024;
/** What is as small as this is sent in any case, refusals for instance. */
const SMALL_BYTES = 16 * 1024;
const RETRY_MS = 1_000;
const PIECE_BYTES = 64 * 1024;

/**
 * Bounds what answers of REST take until their clients have taken them, by address; by connection there is one at a
 * time.
 */
export class UnsentAnswers {
  private readonly bytesOf = new Map<string, number>();

  /** @param stallMs how long a client may take for each 64 KiB of a large answer */
  constructor(private readonly stallMs: number) {}

  /**
   * Sends an answer: a value, JSON, or JSON that is coming. Resolves when all of it is here, which may be long before
   * the client has taken it.
   * @param charge told how many bytes it is, also when it is refused or its client has gone: it was made for it
   * @throws AppError `rate_limited` when too much waits for this address already
   */
  async send(
    { response, ip }: { response: Response; ip: string },
    answer: unknown,
    charge: (bytes: number) => void,
  ): Promise<void> {
    if (answer instanceof JsonStream) {
      charge(answer.length);
      return this.pass(response, ip, answer);
    }
    const { buffer, byteOffset, byteLength } = JsonAnswer.bytesOf(answer);
    const body = Buffer.from(buffer, byteOffset, byteLength);
    charge(body.length);
    response.type('application/json');
    if (body.length <= SMALL_BYTES) response.send(body);
    else this.deliver(response, ip, { body: Readable.from(piecesOf(body)), length: body.length });
  }

  private async pass(response: Response, ip: string, answer: JsonStream<unknown>): Promise<void> {
    try {
      this.deliver(response.type('application/json'), ip, answer);
    } catch (error) {
      answer.discard();
      throw error;
    }
    // Who breaks it off, on either side, breaks off the answer as well.
    await finished(answer.body).catch(() => undefined);
  }

  private deliver(
    response: Response,
    ip: string,
    { body, length }: { body: Readable; length: number },
  ): void {
    // Its end, which gives back what it holds, has been.
    if (response.destroyed) return void body.on('error', () => undefined).destroy();
    const release = length > SMALL_BYTES ? this.hold(networkOf(ip), length) : undefined;
    response.setHeader('Content-Length', length);
    // All of it at once: a client that is slow keeps no connection to another service.
    const held = new PassThrough({ highWaterMark: length });
    pipeline(body, held, (error) => error && response.destroy());
    // In pieces, so that it shows whether the client takes them.
    const cut = setTimeout(() => response.destroy(), this.stallMs);
    response.on('drain', () => cut.refresh());
    response.once('close', () => {
      clearTimeout(cut);
      held.destroy();
      release?.();
    });
    held.pipe(response);
  }

  /** @returns what gives it back */
  private hold(network: string, bytes: number): () => void {
    const held = (this.bytesOf.get(network) ?? 0) + bytes;
    if (held > BYTES_PER_ADDRESS) {
      throw new AppError('rate_limited', 'Answers wait for this address to take them', {
        retryAfterMs: RETRY_MS,
      });
    }
    this.bytesOf.set(network, held);
    return () => {
      const left = (this.bytesOf.get(network) ?? 0) - bytes;
      if (left > 0) this.bytesOf.set(network, left);
      else this.bytesOf.delete(network);
    };
  }
}

function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    yield body.subarray(at, at + PIECE_BYTES);
  }
}
