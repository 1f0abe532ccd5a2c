import { type Dispatcher, Pool } from 'undici';
import { MAX_SENDS } from '../../config';
import { PushError } from '../provider';
import { parseRetryAfter } from '../retry-after';
import { apnsVerdict } from './verdict';

interface ApnsPoolOptions {
  origin: string;
  /** For one request, milliseconds. */
  deadlineMs: number;
}

/**
 * The connection to Apple that apns2 is given instead of its own, whose port is fixed and whose requests have no
 * deadline. One HTTP/2 connection, as Apple asks for; undici opens the next one after a GOAWAY.
 */
export class ApnsPool extends Pool {
  private readonly deadlineMs: number;

  constructor({ origin, deadlineMs }: ApnsPoolOptions) {
    super(origin, {
      connections: 1,
      allowH2: true,
      pipelining: MAX_SENDS,
      maxConcurrentStreams: MAX_SENDS,
      connect: { timeout: deadlineMs },
    });
    this.deadlineMs = deadlineMs;
  }

  /** @throws PushError for answers that say when to come back, which apns2 would not pass on */
  override async request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    const deadline = new AbortController();
    // Not AbortSignal.timeout(): that fires for each request, long after its answer, and makes an error each time.
    const timer = setTimeout(
      () => deadline.abort(new DOMException('', 'TimeoutError')),
      this.deadlineMs,
    );
    const response = await super
      .request({ ...options, signal: deadline.signal })
      .finally(() => clearTimeout(timer));
    const { statusCode: status, headers, body } = response;
    if (status !== 429 && status < 500) return response;
    const reason = await body.json().then(reasonOf, () => 'unknown');
    throw new PushError(
      apnsVerdict({ status, reason, ...parseRetryAfter(headers['retry-after']) }),
    );
  }
}

function reasonOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'reason' in body
    ? `${body.reason}`
    : 'unknown';
}
