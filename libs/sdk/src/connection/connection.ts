import type {
  RequestAck,
  RequestInput,
  RequestName,
  ServerToClient,
} from '@agent-messenger/contracts';
import { Emitter } from '../emitter';
import type { Endpoints } from '../endpoints';
import { isTemporary, MessengerError, toMessengerError } from '../errors';
import { retry } from '../retry';
import { runSocket, type LiveSocket } from './socket';
import { backoffMs, sleep, timerMs, type Backoff } from '../time';
import type { TokenSource } from '../login/tokens';
import type { Ending, OpenWire } from './wire';

export interface ConnectionEvents extends ServerToClient {
  disconnected: (error: MessengerError, reconnecting: boolean) => void;
  /** Over for good, and not because `close()` was called. */
  ended: (error: MessengerError) => void;
}

export interface ConnectionOptions {
  endpoints: Endpoints;
  namespace: '/client' | '/agent';
  open: OpenWire;
  tokens: TokenSource;
  backoff: Backoff;
  requestTimeoutMs: number;
}

/** A connection that lived this long was a good one: the next backoff starts from the beginning. */
const STABLE_MS = 5_000;
/** However short a token's life, it is not renewed more often than this. */
const MIN_RENEWAL_MS = 1_000;

/** One connection after another, until it is closed, replaced or refused for good. */
export class Connection {
  readonly events = new Emitter<ConnectionEvents>();
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  #socket: LiveSocket | null = null;
  #ended: MessengerError | null = null;
  #lastError: MessengerError | null = null;
  #waiting: { resolve: () => void; reject: (error: MessengerError) => void }[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Aborts when the connection is over for good. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Why it is not connected, or was not the last time. */
  get lastError(): MessengerError | null {
    return this.#lastError;
  }

  get isConnected(): boolean {
    return this.#socket !== null;
  }

  /** Connects; rejects when refused, or when it has not succeeded after `timeoutMs`. */
  async start(timeoutMs: number): Promise<void> {
    const connected = this.whenConnected();
    void this.#run();
    const timer = setTimeout(() => {
      const error = this.#lastError ?? new MessengerError('timeout', 'not connected in time');
      this.#end(error);
    }, timerMs(timeoutMs));
    await connected.finally(() => clearTimeout(timer));
  }

  /** Resolves at once while connected; rejects when the connection is over for good. */
  whenConnected(): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#socket) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** One try: rejects with `disconnected` or `timeout` when no answer came. */
  async request<N extends RequestName>(name: N, payload: RequestInput<N>): Promise<RequestAck<N>> {
    if (this.#ended) throw this.#ended;
    if (!this.#socket) throw new MessengerError('disconnected', 'not connected');
    return this.#socket.request(name, payload, this.#options.requestTimeoutMs);
  }

  /** Repeats across failures that pass, over as many connections as it takes. For requests that may be repeated. */
  async requestUntilAnswered<N extends RequestName>(
    name: N,
    payload: RequestInput<N>,
  ): Promise<RequestAck<N>> {
    return retry(() => this.#requestOverConnections(name, payload), {
      backoff: this.#options.backoff,
      signal: this.signal,
    });
  }

  /** A lost connection is waited for, not counted as a failure: reconnecting has a backoff of its own. */
  async #requestOverConnections<N extends RequestName>(
    name: N,
    payload: RequestInput<N>,
  ): Promise<RequestAck<N>> {
    for (;;) {
      await this.whenConnected();
      try {
        return await this.request(name, payload);
      } catch (error) {
        if (!(error instanceof MessengerError) || error.code !== 'disconnected') throw error;
      }
    }
  }

  /** False when there is no connection: nothing was sent. */
  emit<N extends RequestName>(name: N, payload: RequestInput<N>): boolean {
    if (!this.#socket) return false;
    this.#socket.emit(name, payload);
    return true;
  }

  close(): void {
    this.#end(new MessengerError('closed', 'the client was closed'));
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.signal.aborted) {
      const ending = await this.#connectOnce();
      if (this.signal.aborted) return;
      this.#lastError = ending.error;
      if (ending.connectedMs >= STABLE_MS) failures = 0;
      if (!ending.reconnect) return this.#end(ending.error);
      this.#options.endpoints.rotate();
      const delayMs = ending.delayMs ?? backoffMs(this.#options.backoff, failures++);
      await sleep(delayMs, this.signal);
    }
  }

  async #connectOnce(): Promise<Ending> {
    const { endpoints, namespace, open, tokens } = this.#options;
    const kept = tokens.kept;
    let token: string;
    try {
      token = await tokens.current();
    } catch (cause) {
      return withoutToken(toMessengerError(cause));
    }
    const life = new AbortController();
    const ending = await runSocket({
      url: endpoints.current,
      namespace,
      token,
      open,
      signal: this.signal,
      onServerEvent: (name, payload, socket) => {
        if (name === 'connected') {
          this.#socket = socket;
          for (const { resolve } of this.#waiting.splice(0)) resolve();
          void this.#keepAuthorized(life.signal);
        }
        const emit = this.events.emit.bind(this.events) as (n: string, p: unknown) => void;
        emit(name, payload);
      },
    });
    life.abort();
    const wasConnected = this.#socket !== null;
    this.#socket = null;
    const { code } = ending.error;
    const isAged = tokens.kept !== token;
    if (code === 'token_expired' || code === 'unauthorized') tokens.discard(token);
    // Maybe for its age: from before, or that came while the machine was suspended or busy. A new one tells.
    if (code === 'unauthorized' && ending.connectedMs === 0) {
      if (token === kept) return { ...ending, reconnect: true, delayMs: 0 };
      if (isAged) return { ...ending, reconnect: true };
    }
    if (wasConnected && !this.signal.aborted) {
      this.events.emit('disconnected', ending.error, ending.reconnect);
    }
    return ending;
  }

  /** A socket does not outlive its token: hands over a new one in time, as long as the socket lives. */
  async #keepAuthorized(life: AbortSignal): Promise<void> {
    const { tokens, backoff } = this.#options;
    for (let failures = 0; ;) {
      const dueMs = Math.max(tokens.renewInMs, MIN_RENEWAL_MS);
      await sleep(failures > 0 ? backoffMs(backoff, failures) : dueMs, life);
      if (life.aborted || this.signal.aborted) return;
      try {
        await this.request('auth:refresh', { token: await tokens.current() });
        failures = 0;
      } catch (error) {
        // Refused: the server ends the socket at its token's expiry, and the next handshake tells why.
        if (!isTemporary(error)) return;
        failures++;
      }
    }
  }

  #end(error: MessengerError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#closing.abort(error);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    if (error.code !== 'closed') this.events.emit('ended', error);
  }
}

function withoutToken(error: MessengerError): Ending {
  return { error, reconnect: isTemporary(error), delayMs: error.retryAfterMs, connectedMs: 0 };
}
