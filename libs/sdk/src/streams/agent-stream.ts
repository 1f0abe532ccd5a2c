import type { RequestAck, Sent, StreamState } from '@agent-messenger/contracts';
import type { Connection } from '../connection/connection';
import { contract } from '../contract/contract';
import { MessengerError } from '../errors';
import { asId } from '../ids';
import { settledWithin } from '../time';
import { StreamBuffer } from './stream-buffer';
import {
  commitEnd,
  commitFailure,
  commitNothing,
  type StreamEnd,
  type StreamTarget,
} from './stream-outcome';

export interface StreamOptions {
  /** Id of a message of the same conversation. */
  reply_to?: string;
}

export interface AgentStreamParts extends StreamTarget {
  connection: Connection;
  /** It has its outcome, or another one takes its place: nothing more is to be told of it. */
  onOver: () => void;
}

/**
 * `starting`: asks where to go on. `open`: what is appended is sent. `silent`: only the end says what was written (a
 * gateway that has no streams, a stream that was cut off). `over`: it is a message.
 */
type Phase = 'starting' | 'open' | 'silent' | 'over';

const APPEND_EVERY_MS = 1_000 / contract.limits.streamAppendsPerSecond;
/** An answer that fails before it was begun is not waited for longer. */
const START_MS = 5_000;
/** A stopped answer that its writer does not end within this time is ended as it is; the server waits for 10 s. */
const STOPPED_MS = 3_000;

/**
 * An answer that people see while it is written. Everything that was appended is kept until the server has made a
 * message of it: whatever is lost on the way, a connection or the server's memory, is sent again.
 */
export class AgentStream {
  readonly #parts: AgentStreamParts;
  readonly #buffer = new StreamBuffer();
  readonly #stopped = new AbortController();
  #phase: Phase = 'starting';
  #starting: Promise<void>;
  #starts = 0;
  #hasBegun = false;
  /** It was a message before this run. */
  #earlier: Sent | null = null;
  #outcome: Promise<Sent> | null = null;
  #sendTimer: ReturnType<typeof setTimeout> | undefined;
  #stopTimer: ReturnType<typeof setTimeout> | undefined;
  /** No append before this time. */
  #sendAt = 0;

  constructor(parts: AgentStreamParts) {
    this.#parts = parts;
    this.#starting = this.#start();
  }

  get id(): string {
    return this.#parts.streamId;
  }

  get conversationId(): string {
    return this.#parts.conversationId;
  }

  /** What was appended. */
  get text(): string {
    return this.#buffer.text;
  }

  /** Aborts when a person stops the answer; what is appended later is ignored. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** It has ended or was given up. */
  get isOver(): boolean {
    return this.#phase === 'over' || this.#outcome !== null;
  }

  /** @throws MessengerError `payload_too_large` when the whole answer would have more than 64 KiB */
  append(text: string): void {
    if (this.isOver || this.signal.aborted) return;
    this.#buffer.add(text);
    this.#pump();
  }

  /** Makes a message of it; resolves after the commit. Called again it answers the same. */
  end(end: StreamEnd = {}): Promise<Sent> {
    return (this.#outcome ??= this.#finish((text, isThere) =>
      commitEnd(this.#parts, { ...end, text, isThere }),
    ));
  }

  /**
   * Makes a message with `state: "failed"` of it, with what was appended; `error` is for people, 1 to 200 characters.
   */
  fail(error: string): Promise<Sent> {
    return (this.#outcome ??= this.#finish(async (text) => {
      // Only what the server has is in the message: what it is being told to begin with comes first.
      await settledWithin(this.#starting, START_MS);
      this.#flush();
      return commitFailure(this.#parts, text, error);
    }));
  }

  /** A person wants no more of it. */
  stop(): void {
    if (this.signal.aborted || this.isOver) return;
    this.#stopped.abort(new MessengerError('stopped', 'a person stopped the answer'));
    this.#stopTimer = setTimeout(() => {
      // Refused: the server cuts it off by itself.
      this.endStopped().catch(() => undefined);
    }, STOPPED_MS);
  }

  /** Ends a stopped answer with what there is. */
  endStopped(): Promise<Sent> {
    if (this.#buffer.length > 0) return this.end();
    return (this.#outcome ??= this.#finish(() => commitNothing(this.#parts)));
  }

  /** The connection is another one: asks where to go on. A start that waits for its answer is repeated by itself. */
  resume(): void {
    if (this.#phase === 'open' && !this.isOver) this.#starting = this.#start();
  }

  /** The server has only this much, or takes no more for now. */
  goOn({ offset, code, retry_after_ms = 0 }: StreamState): void {
    if (this.#phase !== 'open' || this.isOver) return;
    switch (code) {
      case undefined:
      case 'rate_limited':
      case 'unavailable':
        this.#sendAt = Math.max(this.#sendAt, performance.now() + retry_after_ms);
        this.#buffer.rewind(offset);
        return this.#pump();
      case 'not_found':
        this.#starting = this.#start(true);
        return;
      default:
        this.#phase = 'silent';
    }
  }

  /** Another run writes this answer anew. */
  abandon(): void {
    this.#phase = 'over';
    this.#stopTimers();
    this.#parts.onOver();
  }

  async #start(restart = false): Promise<void> {
    const { connection, conversationId, streamId, replyTo } = this.#parts;
    const start = ++this.#starts;
    const isCurrent = () => start === this.#starts && this.#phase === 'starting';
    this.#phase = 'starting';
    try {
      const answer = await connection.requestUntilAnswered('stream:start', {
        conversation_id: asId<'cnv'>(conversationId),
        stream_id: streamId,
        ...(replyTo !== undefined && { reply_to: asId<'msg'>(replyTo) }),
        ...(restart && { restart }),
      });
      if (isCurrent()) await this.#started(answer);
    } catch {
      // Refused, or a gateway without streams: the end says what was written, and hears why it cannot be.
      if (isCurrent()) this.#phase = 'silent';
    }
  }

  async #started({ offset, stopped, message }: RequestAck<'stream:start'>): Promise<void> {
    if (message) {
      // Cut off meanwhile: its end replaces what there is. Any other outcome is final, and that of an earlier run.
      if (message.state !== 'interrupted') this.#earlier = { message, duplicate: true };
      this.#phase = 'silent';
      return;
    }
    // An earlier run, before a crash, wrote something else.
    const isForeign = !this.#hasBegun || offset > this.#buffer.length;
    if (offset > 0 && isForeign) return this.#start(true);
    this.#hasBegun = true;
    this.#phase = 'open';
    this.#buffer.rewind(offset);
    if (stopped) this.stop();
    this.#pump();
  }

  /** At once when nothing was sent for a while, else together with what comes until then. */
  #pump(): void {
    if (this.#phase !== 'open' || this.isOver || this.#sendTimer) return;
    const waitMs = this.#sendAt - performance.now();
    if (waitMs <= 0) return this.#send();
    this.#sendTimer = setTimeout(() => {
      this.#sendTimer = undefined;
      this.#pump();
    }, waitMs);
  }

  #send(): void {
    const piece = this.#buffer.next();
    if (!piece) return;
    this.#sendAt = performance.now() + APPEND_EVERY_MS;
    const { connection, conversationId, streamId } = this.#parts;
    // Without a connection nothing is sent: the next start tells where to go on.
    connection.emit('stream:append', {
      conversation_id: asId<'cnv'>(conversationId),
      stream_id: streamId,
      ...piece,
    });
  }

  #flush(): void {
    if (this.#phase === 'open') this.#send();
  }

  /** Commits what was written; `isThere`: the server should have all of it. */
  #finish(commit: (text: string, isThere: boolean) => Promise<Sent>): Promise<Sent> {
    this.#stopTimers();
    if (this.#earlier) return Promise.resolve(this.#earlier).finally(() => this.abandon());
    this.#buffer.close();
    const isThere = this.#phase === 'open';
    this.#flush();
    return this.#parts.outcome(commit(this.text, isThere).finally(() => this.abandon()));
  }

  #stopTimers(): void {
    clearTimeout(this.#sendTimer);
    clearTimeout(this.#stopTimer);
  }
}
