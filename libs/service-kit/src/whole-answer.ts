import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

interface Settle {
  resolve(answer: WholeAnswer): void;
  reject(error: unknown): void;
}

/**
 * What was answered, when all of it is here. `Dispatcher.request` makes a stream of each body, with what hears of its
 * end and its abort: half of what a call costs.
 */
export class WholeAnswer implements Dispatcher.DispatchHandler {
  statusCode = 0;
  headers: IncomingHttpHeaders = {};
  private readonly chunks: Buffer[] = [];
  private controller: Dispatcher.DispatchController | undefined;
  private tooLate: Error | undefined;

  private constructor(private readonly settle: Settle) {}

  /** @param withinMs beside the times of the dispatcher, which are those of a request that has a connection */
  static async to(
    dispatcher: Dispatcher,
    request: Dispatcher.DispatchOptions,
    withinMs?: number,
  ): Promise<WholeAnswer> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const answer = new WholeAnswer({ resolve, reject });
        if (withinMs !== undefined) timer = setTimeout(() => answer.giveUp(), withinMs);
        dispatcher.dispatch(request, answer);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  bytes(): Buffer {
    const [only] = this.chunks;
    return only && this.chunks.length === 1 ? only : Buffer.concat(this.chunks);
  }

  text(): string {
    return this.bytes().toString();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Thrown, it is not sent, and the connection remains.
    if (this.tooLate) throw this.tooLate;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.statusCode = statusCode;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.settle.resolve(this);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.settle.reject(error);
  }

  private giveUp(): void {
    this.tooLate = new Error('There is no answer in time');
    this.controller?.abort(this.tooLate);
    this.settle.reject(this.tooLate);
  }
}
