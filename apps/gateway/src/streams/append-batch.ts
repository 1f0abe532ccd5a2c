import { LIMITS, type RedisNames } from '@agent-messenger/contracts';
import type { StreamRedis } from './stream-scripts';

/** Appends carried out by one script call: some milliseconds of Redis' one thread when all are large. */
const AT_ONCE = 50;

/** A piece of text for one stream. */
export interface StreamAppend {
  /** Whose stream it is and which, as in its keys. */
  of: string;
  epoch: number;
  offset: number;
  text: string;
  /** Who is told of it. */
  readers: readonly string[];
}

/** Of what is there. */
export interface TextSize {
  /** UTF-16 code units. */
  length: number;
  /** In UTF-8. */
  bytes: number;
}

export interface Appended extends TextSize {
  status: 'ok' | 'gone' | 'superseded' | 'gap' | 'full';
  stopped: boolean;
}

interface Waiting {
  append: StreamAppend;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** What streams of all connections append in one turn of the event loop goes to Redis together. */
export class AppendBatch {
  private waiting: Waiting[] = [];

  constructor(
    private readonly redis: StreamRedis,
    private readonly names: RedisNames,
    private readonly ttlMs: number,
  ) {}

  append(append: StreamAppend): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ append, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    const all = this.waiting;
    this.waiting = [];
    for (let from = 0; from < all.length; from += AT_ONCE) {
      void this.carryOut(all.slice(from, from + AT_ONCE));
    }
  }

  /** Never rejects. */
  private async carryOut(batch: readonly Waiting[]): Promise<void> {
    const { redis, names, ttlMs } = this;
    try {
      const answers = await redis.streamAppend(
        2 * batch.length,
        ...batch.flatMap(({ append: { of } }) => [names.stream(of), names.streamText(of)]),
        LIMITS.streamBytes,
        ttlMs,
        ...batch.flatMap(({ append: { of, epoch, offset, text, readers } }) => [
          ...[of, epoch, offset, text, text.length],
          readers.join(' '),
        ]),
        names.lease(''),
        names.gateway(''),
      );
      batch.forEach(({ resolve, reject }, index) => {
        const [status, length, bytes, stopped] = answers[index] ?? [];
        if (status === undefined) return reject(new TypeError('an append without an answer'));
        resolve({
          status: status as Appended['status'],
          length: length ?? 0,
          bytes: bytes ?? 0,
          stopped: stopped === '1',
        });
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
