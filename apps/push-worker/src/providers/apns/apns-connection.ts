import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { PushError } from '../provider';
import { parseRetryAfter } from '../retry-after';
import { apnsVerdict } from './verdict';

interface ApnsConnectionOptions {
  origin: string;
  /** For one request, milliseconds. */
  deadlineMs: number;
  /** A connection left a request without an answer, and may be dead. */
  onSilence: () => void;
}

interface ApnsRequest {
  path: string;
  method: string;
  headers: OutgoingHttpHeaders;
  body: string;
}
interface ApnsResponse {
  statusCode: number;
  body: { json(): Promise<unknown> };
}

/** As Apple recommends: firewalls forget connections on which nothing happens. */
const PING_EVERY_MS = 10 * 60_000;
const ANSWER_CHARS = 65_536;

/**
 * The connection to Apple that apns2 is given instead of its own, whose port is fixed and whose requests have no
 * deadline. One HTTP/2 connection, as Apple asks for; the next one is opened after a GOAWAY, an error, or a request
 * without an answer. By node:http2 a request takes half of what it takes by undici, which is most of what a push costs.
 */
export class ApnsConnection {
  private current: ClientHttp2Session | undefined;
  private readonly open = new Set<ClientHttp2Session>();
  private readonly pings: NodeJS.Timeout;

  constructor(private readonly options: ApnsConnectionOptions) {
    this.pings = setInterval(() => this.ping(), PING_EVERY_MS).unref();
  }

  /**
   * Beyond what Apple takes at a time requests wait.
   * @throws PushError for answers that say when to come back, which apns2 would not pass on, and without an answer
   */
  async request({ path, method, headers, body }: ApnsRequest): Promise<ApnsResponse> {
    const { status, retryAfter, text } = await this.exchange(
      { ...headers, ':path': path, ':method': method },
      body,
    );
    // A page of a proxy, for instance, is none: its status says enough.
    const json = async (): Promise<unknown> => JSON.parse(text);
    if (status !== 429 && status < 500) return { statusCode: status, body: { json } };
    const reason = await json().then(reasonOf, () => 'unknown');
    throw new PushError(apnsVerdict({ status, reason, ...parseRetryAfter(retryAfter) }));
  }

  async close(): Promise<void> {
    await this.destroy();
  }

  async destroy(): Promise<void> {
    clearInterval(this.pings);
    for (const session of this.open) session.destroy();
  }

  private exchange(
    headers: OutgoingHttpHeaders,
    body: string,
  ): Promise<{ status: number; retryAfter: string | undefined; text: string }> {
    const session = this.usable();
    return new Promise((resolve, reject) => {
      let [status, text] = [0, ''];
      let retryAfter: string | undefined;
      let failure: unknown;
      const stream = session.request(headers);
      const deadline = setTimeout(() => {
        reject(new PushError({ outcome: 'down', reason: 'timeout' }));
        stream.close(constants.NGHTTP2_CANCEL);
        this.replace(session);
      }, this.options.deadlineMs);
      stream.on('response', (answer) => {
        status = answer[':status'] ?? 0;
        retryAfter = answer['retry-after'];
      });
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        if (text.length < ANSWER_CHARS) text += chunk;
      });
      stream.on('error', (error) => (failure = error));
      stream.on('close', () => {
        clearTimeout(deadline);
        // Cut off after the status it is as good as whole: that is what counts.
        if (status > 0) resolve({ status, retryAfter, text });
        else reject(new PushError({ outcome: 'down', reason: 'connection' }, { cause: failure }));
      });
      stream.end(body);
    });
  }

  private usable(): ClientHttp2Session {
    const { current } = this;
    if (isOpen(current)) return current;
    const session = connect(this.options.origin, { settings: { enablePush: false } });
    this.open.add(session);
    // Told by each of its requests.
    session.on('error', () => undefined);
    session.on('goaway', () => this.leave(session));
    session.on('close', () => {
      this.open.delete(session);
      this.leave(session);
    });
    this.current = session;
    return session;
  }

  /** The next request gets a new connection. */
  private leave(session: ClientHttp2Session): void {
    if (this.current === session) this.current = undefined;
  }

  private replace(silent: ClientHttp2Session): void {
    if (this.current !== silent) return;
    this.leave(silent);
    this.options.onSilence();
    // What is in flight has deadlines of its own, and none begins any more.
    setTimeout(() => silent.destroy(), this.options.deadlineMs).unref();
  }

  private ping(): void {
    const { current } = this;
    if (isOpen(current) && !current.connecting) current.ping(() => undefined);
  }
}

/** One whose peer reset it is destroyed and was never closed. */
function isOpen(session: ClientHttp2Session | undefined): session is ClientHttp2Session {
  return session !== undefined && !session.closed && !session.destroyed;
}

function reasonOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'reason' in body
    ? `${body.reason}`
    : 'unknown';
}
