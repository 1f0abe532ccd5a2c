import type { Logger, Scope } from '@agent-messenger/service-kit';
import { upToEntries } from '@agent-messenger/service-kit';
import { LRUCache } from 'lru-cache';

/** Of a budget, what may be spent before it is sent to Redis at once, and what is too little to send each second. */
const FLUSH_AT_ONCE = 0.1;
const FLUSH_LATER = 0.01;
const FLUSH_EVERY_MS = 1_000;
/** Subjects that are counted at a time; the one unused for longest makes room. */
const SUBJECTS = 100_000;

/** Of a window of time that began with its first request. */
export interface Counted {
  consumedPoints: number;
  /** Until the window ends, ms. */
  msBeforeNext: number;
}

/** What counts, and answers later: the limiters of rate-limiter-flexible do. */
export interface Counts {
  /** @param options.most the budget, of which `cost` is taken */
  consume(key: string, cost: number, options: { most: number }): Promise<Counted>;
  get(key: string): Promise<Counted | null>;
  reward(key: string, points: number): Promise<unknown>;
  /** Nothing about it is kept here, nor in Redis; what others have not sent yet may come there for a window. */
  delete(key: string): Promise<unknown>;
}

/** What counts in memory. */
export interface CountsAtOnce extends Pick<Counts, 'delete'> {
  consume(key: string, cost: number, options: { most: number }): Counted;
  reward(key: string, points: number): void;
}

interface Window {
  /** What Redis knows, as far as it has said. */
  inRedis: number;
  /** On its way there. */
  sending: number;
  unsent: number;
  endsAt: number;
  most: number;
}

interface SharedCountsOptions {
  /** Counts in Redis, and rejects while that is away: then each process counts for itself. */
  redis: Pick<Counts, 'consume' | 'get' | 'delete'> & { getKey(key: string): string };
  durationMs: number;
  log: Logger;
  scope: Scope;
}

/**
 * Counts that all gateways share, approximately: each counts in memory, and sends that to Redis later, when a tenth of
 * the budget is spent or a second has passed. So N gateways let through what exceeds the budget by N tenths at most,
 * and what is sent within one answer of Redis.
 */
export class SharedCounts {
  private readonly windows = new LRUCache<string, Window>(upToEntries(SUBJECTS));
  /** Keys of which something is unsent. */
  private readonly dirty = new Set<string>();

  /** Nothing waits for Redis. */
  readonly behind: CountsAtOnce;
  /** What is counted is what Redis answers. */
  readonly exact: Counts;

  constructor(private readonly options: SharedCountsOptions) {
    const reward = (key: string, points: number) =>
      void this.add(key, -points, this.windows.get(key)?.most ?? 0);
    const forget = (key: string) => {
      this.windows.delete(key);
      this.dirty.delete(key);
      return this.options.redis.delete(key);
    };
    this.behind = {
      consume: (key, cost, { most }) => {
        const window = this.add(key, cost, most);
        this.flushIfMuch(key, window);
        return countedOf(window);
      },
      reward,
      delete: forget,
    };
    this.exact = {
      consume: async (key, cost, { most }) => {
        const window = this.add(key, cost, most);
        const consumedPoints = await this.flush(key, window);
        return { ...countedOf(window), consumedPoints };
      },
      get: async (key) => countedOf(this.windowOf(key, 0)),
      reward: async (key, points) => reward(key, points),
      delete: forget,
    };
    const timer = setInterval(() => void this.flushAll(FLUSH_LATER), FLUSH_EVERY_MS);
    timer.unref();
    options.scope.defer('shared counts', () => {
      clearInterval(timer);
      return this.flushAll(0);
    });
  }

  /** Of a subject, in Redis. */
  keyInRedis(key: string): string {
    return this.options.redis.getKey(key);
  }

  /** Learns what was spent elsewhere, from now on to the next time that something is sent there. */
  async load(key: string): Promise<void> {
    try {
      const answer = await this.options.redis.get(key);
      if (answer) learn(this.windowOf(key, 0), 0, answer);
    } catch (error) {
      this.options.log.debug({ reason: String(error) }, 'what is spent elsewhere is not known');
    }
  }

  private add(key: string, points: number, most: number): Window {
    const window = this.windowOf(key, most);
    window.unsent += points;
    this.dirty.add(key);
    return window;
  }

  private windowOf(key: string, most: number): Window {
    const now = performance.now();
    const known = this.windows.get(key);
    if (known && known.endsAt > now) {
      known.most = Math.max(known.most, most);
      return known;
    }
    const endsAt = now + this.options.durationMs;
    const window = { inRedis: 0, sending: 0, unsent: 0, endsAt, most };
    this.windows.set(key, window);
    return window;
  }

  /** One answer is waited for at a time: what comes in meanwhile is sent together. */
  private flushIfMuch(key: string, window: Window): void {
    const { unsent, sending, most, endsAt } = window;
    if (sending > 0 || unsent <= 0 || unsent < most * FLUSH_AT_ONCE || endsAt <= performance.now())
      return;
    void this.flush(key, window);
  }

  /** @returns what is counted, with what was unsent */
  private async flush(key: string, window: Window): Promise<number> {
    const points = window.unsent;
    window.unsent = 0;
    window.sending += points;
    this.dirty.delete(key);
    try {
      const answer = await this.options.redis.consume(key, points, { most: window.most });
      return learn(window, points, answer);
    } catch (error) {
      // Perhaps it was counted: what is sent twice would be a refusal that nobody earned.
      this.options.log.debug({ reason: String(error) }, 'what is spent here is not told');
      window.inRedis += points;
      return window.inRedis;
    } finally {
      window.sending -= points;
      this.flushIfMuch(key, window);
    }
  }

  private async flushAll(least: number): Promise<void> {
    const now = performance.now();
    const flushed: Promise<number>[] = [];
    for (const key of this.dirty) {
      const window = this.windows.peek(key);
      if (!window || window.endsAt <= now || window.unsent === 0) this.dirty.delete(key);
      else if (Math.abs(window.unsent) >= window.most * least && window.sending === 0) {
        flushed.push(this.flush(key, window));
      }
    }
    await Promise.all(flushed);
  }
}

/** As `load` of each: one question tells whether there is anything to learn, and mostly there is not. */
export async function loadAll(
  redis: { mget(keys: string[]): Promise<(string | null)[]> },
  counts: readonly SharedCounts[],
  key: string,
  log: Logger,
): Promise<void> {
  try {
    const spent = await redis.mget(counts.map((one) => one.keyInRedis(key)));
    await Promise.all(
      counts.filter((_, index) => spent[index] !== null).map((one) => one.load(key)),
    );
  } catch (error) {
    log.debug({ reason: String(error) }, 'what is spent elsewhere is not known');
  }
}

/** A Redis that knows less than it was sent, an empty one or a window that has just ended there, forgives nothing. */
function learn(window: Window, points: number, { consumedPoints, msBeforeNext }: Counted): number {
  window.inRedis += points;
  if (consumedPoints >= window.inRedis) {
    window.inRedis = consumedPoints;
    window.endsAt = performance.now() + msBeforeNext;
  }
  return window.inRedis;
}

function countedOf({ inRedis, sending, unsent, endsAt }: Window): Counted {
  return {
    consumedPoints: inRedis + sending + unsent,
    msBeforeNext: Math.max(Math.ceil(endsAt - performance.now()), 1),
  };
}
