import type {
  Actor,
  Event,
  EventPage,
  RequestAck,
  RequestInput,
  RequestName,
} from '@agent-messenger/contracts';
import { Connection } from './connection/connection';
import { contract } from './contract/contract';
import { DeviceMemory, type DeviceStorage, type Remembered } from './device/device-memory';
import { Emitter, throwLater } from './emitter';
import { Endpoints } from './endpoints';
import { MessengerError } from './errors';
import { asId } from './ids';
import type { MessengerEvents } from './messenger-events';
import { Outbox } from './outbox';
import { Positions } from './log/positions';
import { ReceivedReporter } from './log/received-reporter';
import { Rest } from './rest';
import { retry } from './retry';
import { defaultBackoff, settledWithin, type Backoff } from './time';
import { TokenSource, type AccessToken } from './login/tokens';
import type { TransportOptions } from './connection/transport';
import type { OpenWire } from './connection/wire';

export interface SessionOptions extends TransportOptions {
  /** A gateway, or several: whichever answers is used. */
  url: string | readonly string[];
  /**
   * How long it may take until the first connection stands; a person's conversations are listed by then, too. Default
   * 30 s.
   */
  connectTimeoutMs?: number;
  /** How long a request waits for its ack. Default 10 s. */
  requestTimeoutMs?: number;
  /** Bounds of the delay between tries. */
  backoff?: Backoff;
  /** Changes that may wait for their ack at once. Default 1000. */
  outboxLimit?: number;
}

export interface SessionParts {
  open: OpenWire;
  namespace: '/client' | '/agent';
  fetchToken: (rest: Rest) => Promise<AccessToken>;
  deliver: (event: Event) => void | Promise<void>;
  storage?: DeviceStorage | undefined;
  isVisible?: ((conversationId: string) => boolean) | undefined;
}

const knownEvents: ReadonlySet<string> = new Set(contract.eventTypes);
const SYNC_PAGE = contract.limits.pageMax;
/** That much even a close without a deadline waits for. */
const LAST_REPORT_MS = 1_000;
const LAST_SAVE_MS = 1_000;

/** What a person's and an agent's connection have in common: one identity, its socket, its sends, its positions. */
export class Session {
  readonly events: Emitter<MessengerEvents> = new Emitter((error) => this.#listenerFailed(error));
  readonly rest: Rest;
  readonly tokens: TokenSource;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly positions: Positions;
  readonly connectTimeoutMs: number;
  readonly #received: ReceivedReporter;
  readonly #memory: DeviceMemory | null;
  readonly #backoff: Backoff;
  #identity: Actor | null = null;
  #logId: string | null = null;
  #remembered: Remembered | null = null;
  #reporting = false;

  constructor(
    options: SessionOptions,
    private readonly parts: SessionParts,
  ) {
    const endpoints = new Endpoints(options.url);
    this.tokens = new TokenSource(() => parts.fetchToken(this.rest));
    this.rest = new Rest(endpoints, { tokens: this.tokens });
    this.connectTimeoutMs = options.connectTimeoutMs ?? 30_000;
    this.#backoff = options.backoff ?? defaultBackoff;
    this.connection = new Connection({
      endpoints,
      namespace: parts.namespace,
      open: parts.open,
      tokens: this.tokens,
      backoff: this.#backoff,
      requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    });
    this.outbox = new Outbox({
      deliver: (name, payload) => this.connection.requestUntilAnswered(name, payload),
      limit: options.outboxLimit ?? 1_000,
      isOver: () => this.signal.aborted,
      onChange: () => this.#memory?.sendsChanged(),
    });
    this.#received = new ReceivedReporter((conversationId, seq) =>
      this.connection.emit('received', this.#receipt(conversationId, seq)),
    );
    this.positions = new Positions({
      fetch: (conversationId, afterSeq) => this.readLog(conversationId, afterSeq),
      deliver: (event) => (knownEvents.has(event.type) ? parts.deliver(event) : undefined),
      onTaken: (conversationId, seq) => {
        this.#received.taken(conversationId, seq);
        this.#memory?.positionsChanged();
      },
      onError: (error, conversationId) => this.#positionFailed(error, conversationId),
    });
    this.#memory = parts.storage ? this.#openMemory(parts.storage) : null;
    this.#listen();
  }

  get isIdentified(): boolean {
    return this.#identity !== null;
  }

  /** Known once connected. */
  get identity(): Actor {
    if (!this.#identity) throw new MessengerError('disconnected', 'not connected yet');
    return this.#identity;
  }

  get signal(): AbortSignal {
    return this.connection.signal;
  }

  /** Null until connected. */
  get logId(): string | null {
    return this.#logId;
  }

  async start(): Promise<void> {
    this.#remembered = (await this.#memory?.load()) ?? null;
    await this.connection.start(this.connectTimeoutMs);
  }

  /** Sends what an earlier session of this device did not get out; its own sends come after. */
  resend(): void {
    for (const send of this.#remembered?.sends ?? []) {
      this.outbox
        .add('message:send', send)
        .catch((error: unknown) => this.events.emit('sendFailed', error, send));
    }
    this.#remembered = null;
  }

  /** For requests that may be repeated: again and again, until there is an answer or the session ends. */
  retry<T>(work: (attempt: number) => Promise<T>): Promise<T> {
    return retry(work, { backoff: this.#backoff, signal: this.signal });
  }

  request<N extends RequestName>(name: N, payload: RequestInput<N>): Promise<RequestAck<N>> {
    return this.connection.request(name, payload);
  }

  /** False when `logId` is not the log that was known: positions are dropped then. */
  noteLog(logId: string): boolean {
    if (this.#logId === logId) return true;
    const first = this.#logId === null;
    this.#logId = logId;
    if (first) return true;
    this.positions.reset();
    this.#received.drain();
    this.events.emit('reset', logId);
    return false;
  }

  /** A page of a conversation's log; waits for a connection if need be. */
  async readLog(conversationId: string, afterSeq: number): Promise<EventPage> {
    const page = await this.connection.requestUntilAnswered('sync', {
      conversation_id: asId<'cnv'>(conversationId),
      after_seq: afterSeq,
      limit: SYNC_PAGE,
    });
    this.noteLog(page.log_id);
    return page;
  }

  /** Waits for acks, at most `deadlineMs`; what has none by then rejects with `closed`. */
  async close(deadlineMs: number): Promise<void> {
    const until = performance.now() + deadlineMs;
    await settledWithin(this.outbox.idle(), deadlineMs);
    const leftMs = until - performance.now();
    await settledWithin(this.#reportLast(), Math.max(LAST_REPORT_MS, leftMs));
    this.connection.close();
    if (this.#memory) await settledWithin(this.#memory.flush(), LAST_SAVE_MS);
  }

  /**
   * Until the store has what was taken: whoever connects next under this identity, to whatever gateway, must not get it
   * again. A session without a connection does not wait for one.
   */
  async #reportLast(): Promise<void> {
    if (!this.connection.isConnected) return;
    await Promise.allSettled(
      this.#received
        .drain()
        .map(({ conversationId, seq }) =>
          this.connection.requestUntilAnswered('received', this.#receipt(conversationId, seq)),
        ),
    );
  }

  #receipt(conversationId: string, seq: number): RequestInput<'received'> {
    const visible = this.parts.isVisible?.(conversationId);
    return {
      conversation_id: asId<'cnv'>(conversationId),
      seq,
      ...(visible !== undefined && { visible }),
    };
  }

  #listen(): void {
    const { events } = this.connection;
    events.on('connected', (connected) => {
      this.#identity = connected.identity;
      this.#resume(connected.identity);
      this.noteLog(connected.log_id);
      this.#received.flush();
      this.events.emit('connected', connected);
    });
    events.on('event', (event) => this.positions.offer(event));
    events.on('synced', (synced) => this.events.emit('synced', synced));
    events.on('receipt', (receipt) => this.events.emit('receipt', receipt));
    events.on('typing', (typing) => this.events.emit('typing', typing));
    events.on('activity', (activity) => this.events.emit('activity', activity));
    events.on('presence', (presence) => this.events.emit('presence', presence));
    events.on('replaced', () => this.events.emit('replaced'));
    events.on('disconnected', (error, again) => this.events.emit('disconnected', error, again));
    events.on('ended', (error) => this.events.emit('ended', error));
  }

  /** Goes on where an earlier session of the same identity stood, before the first event of this one. */
  #resume(identity: Actor): void {
    if (!this.#remembered) return;
    if (this.#remembered.identityId !== identity.id) this.#remembered = null;
    const place = this.#remembered?.place;
    if (!place || this.#logId !== null) return;
    this.#logId = place.logId;
    this.positions.restore(place.positions);
  }

  #openMemory(storage: DeviceStorage): DeviceMemory {
    return new DeviceMemory({
      storage,
      identityId: () => this.#identity?.id ?? null,
      sends: () => this.outbox.unsent,
      place: () =>
        this.#logId === null ? null : { logId: this.#logId, positions: this.positions.all() },
      onError: (error) => this.events.emit('error', error),
    });
  }

  #positionFailed(error: unknown, conversationId: string): void {
    const code = error instanceof MessengerError ? error.code : null;
    // No longer a member, and nothing left to read.
    if (code === 'not_found') return this.positions.forget(conversationId);
    // `closed`: the end, which is told by itself.
    if (code === 'closed' || this.signal.aborted) return;
    this.events.emit('error', error);
  }

  #listenerFailed(error: unknown): void {
    if (this.events.has('error') && !this.#reporting) {
      this.#reporting = true;
      this.events.emit('error', error);
      this.#reporting = false;
    } else throwLater(error);
  }
}
