import { LIMITS, type RedisNames } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { AppendBatch, type Appended, type StreamAppend, type TextSize } from './append-batch';
import type { StreamRedis } from './stream-scripts';

/** How long what Redis has of a stream lasts, ms: longer than a stream may, and than its interruption takes. */
const TTL_MS = 15 * 60_000;
/** How long who has claimed a deadline has to commit, ms. */
const CLAIM_MS = 10_000;
/** Streams renewed by one script call. */
const RENEW_AT_ONCE = 200;

/** Whose stream it is, and which. */
export interface StreamKey {
  agentId: string;
  streamId: string;
}

/** What Redis has of a stream. */
export interface StoredStream {
  conversationId: string;
  epoch: number;
  /** Changes whenever the text begins anew. */
  run: string;
  stopped: boolean;
  replyTo: string | undefined;
  text: string;
}

interface Begun extends TextSize {
  status: 'new' | 'restarted' | 'open';
  stopped: boolean;
  run: string;
}

/** `elsewhere`: it is one of another conversation. */
export type Limited = 'limited' | 'gone' | 'elsewhere';

export type Renewal = 'ok' | 'gone' | 'superseded' | 'stopped';

export function ofKey({ agentId, streamId }: StreamKey): string {
  return `${agentId} ${streamId}`;
}

export function keyOf(of: string): StreamKey {
  const [agentId = '', streamId = ''] = of.split(' ');
  return { agentId, streamId };
}

/** Open streams in Redis, for every gateway. Each method is one script; it rejects while Redis is away. */
export class StreamState {
  private readonly batch: AppendBatch;

  constructor(
    private readonly redis: StreamRedis,
    private readonly names: RedisNames,
    /** How long a stream waits for its agent to come back, and how long it may be written, ms. */
    private readonly times: { resumeMs: number; mostMs: number },
  ) {
    this.batch = new AppendBatch(redis, names, TTL_MS);
  }

  get resumeMs(): number {
    return this.times.resumeMs;
  }

  /**
   * Begins a stream, begins it anew, or takes it over for a newer connection; readers are told of the first two.
   * @throws AppError `conflict` when it is one of another conversation, `replaced` when a newer connection has it,
   * `rate_limited` when there are too many
   */
  async start(
    key: StreamKey,
    stream: {
      conversationId: string;
      epoch: number;
      restart: boolean;
      replyTo: string | undefined;
      readers: string[];
    },
  ): Promise<Begun> {
    const { names } = this;
    const of = ofKey(key);
    const sets = [stream.conversationId, key.agentId, ...stream.readers].map(names.streamsOf);
    const [status, length, bytes, stopped, run] = await this.redis.streamStart(
      3 + sets.length,
      ...this.keys(of),
      ...sets,
      of,
      stream.conversationId,
      stream.epoch,
      stream.restart ? 1 : 0,
      stream.replyTo ?? '',
      stream.readers.join(' '),
      this.times.resumeMs,
      this.times.mostMs,
      TTL_MS,
      LIMITS.streamsPerConversation,
      LIMITS.streamsPerAgent,
      names.stream(''),
      ...this.routes(),
    );
    if (status === 'elsewhere') {
      throw new AppError('conflict', 'This stream_id is used in another conversation.');
    }
    if (status === 'superseded') throw supersededBy();
    if (status === 'full') {
      throw new AppError('rate_limited', 'Too many streams are open.', { retryAfterMs: 1_000 });
    }
    return { status: status as Begun['status'], length, bytes, stopped: stopped === '1', run };
  }

  /**
   * Adds text that begins at `offset`, exactly where the text ends, for a connection that has not been superseded, and
   * tells the readers.
   */
  append(key: StreamKey, piece: Omit<StreamAppend, 'of'>): Promise<Appended> {
    return this.batch.append({ of: ofKey(key), ...piece });
  }

  async read(key: StreamKey): Promise<StoredStream | null> {
    const [hash, body] = this.keys(ofKey(key));
    const found = await this.redis.streamRead(2, hash, body);
    if (!found) return null;
    const [conversationId, epoch, run, stopped, replyTo, text] = found;
    return {
      ...{ conversationId, epoch, run, text },
      stopped: stopped === '1',
      replyTo: replyTo === '' ? undefined : replyTo,
    };
  }

  /**
   * Forgets a stream and tells its readers, unless it has begun anew, or another did it.
   * @param messageId what it has become; undefined: nothing, it is gone
   */
  async remove(key: StreamKey, run: string, messageId: string | undefined): Promise<void> {
    const of = ofKey(key);
    await this.redis.streamRemove(
      ...([3, ...this.keys(of), of, run, messageId ?? ''] as const),
      this.names.streamsOf(''),
      ...this.routes(),
    );
  }

  /** The agent's connection is still there, with these streams. @returns by stream id */
  async renew(
    agentId: string,
    epoch: number,
    streamIds: readonly string[],
  ): Promise<Map<string, Renewal>> {
    const renewals = new Map<string, Renewal>();
    for (let from = 0; from < streamIds.length; from += RENEW_AT_ONCE) {
      const ids = streamIds.slice(from, from + RENEW_AT_ONCE);
      const ofs = ids.map((streamId) => ofKey({ agentId, streamId }));
      const answers = await this.redis.streamRenew(
        1 + 2 * ofs.length,
        this.names.streamDeadlines,
        ...ofs.flatMap((of) => this.keys(of).slice(0, 2)),
        this.times.resumeMs,
        epoch,
        ...ofs,
      );
      ids.forEach((id, index) => renewals.set(id, answers[index] as Renewal));
    }
    return renewals;
  }

  /** It has `ms` to end, or less. @param asked whether a person has asked for it */
  async limit(
    key: StreamKey,
    { conversationId, ms, asked }: { conversationId: string; ms: number; asked: boolean },
  ): Promise<Limited> {
    const of = ofKey(key);
    const limited = await this.redis.streamLimit(
      ...([3, ...this.keys(of), of, conversationId, ms, asked ? 1 : 0] as const),
    );
    return limited as Limited;
  }

  /** Streams whose deadline has passed, for the caller to interrupt; another gateway gets them after 10 s. */
  async claim(most: number): Promise<StreamKey[]> {
    const { names } = this;
    const due = await this.redis.streamClaim(
      ...([1, names.streamDeadlines, most, CLAIM_MS, TTL_MS] as const),
      names.stream(''),
      names.streamText(''),
    );
    return due.map(keyOf);
  }

  /** Open streams of a conversation, or of those that an identity reads or writes; may name some that have ended. */
  async list(id: string): Promise<StreamKey[]> {
    return (await this.redis.smembers(this.names.streamsOf(id))).map(keyOf);
  }

  /** What the scripts find readers by. */
  private routes(): [leases: string, channels: string] {
    return [this.names.lease(''), this.names.gateway('')];
  }

  private keys(of: string): [hash: string, text: string, deadlines: string] {
    const { names } = this;
    return [names.stream(of), names.streamText(of), names.streamDeadlines];
  }
}

export function supersededBy(): AppError {
  return new AppError('replaced', 'A newer connection of this identity has the stream.');
}
