import { AppError } from '@agent-messenger/service-kit';

export interface FairQueueLimits {
  /** Works at a time. */
  slots: number;
  /** Of one key at a time. */
  slotsPerKey: number;
  /** Works that wait. */
  waiting: number;
  waitingPerKey: number;
}

interface Lane {
  running: number;
  waiting: Waiting[];
}
interface Waiting {
  start(): void;
  refuse(error: AppError): void;
}

const RETRY_AFTER_MS = 1_000;

/** Runs work in turn by key: who has much waiting waits for itself, and the others do not. */
export class FairQueue {
  /** In the order of turns: a lane whose work begins or ends goes to the end, so that nobody new waits for it. */
  private readonly lanes = new Map<string, Lane>();
  private running = 0;
  private waitingCount = 0;
  /** Of those that want to be alone. */
  private holds = 0;
  private isClosed = false;
  private idle: (() => void)[] = [];
  /** The last of those that want to be alone. */
  private alone: Promise<unknown> = Promise.resolve();

  constructor(private readonly limits: FairQueueLimits) {}

  get waiting(): number {
    return this.waitingCount;
  }

  /** Rejects with `rate_limited` when too much of the key waits, with `unavailable` when too much waits at all. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw closing();
    if (this.waitingCount >= this.limits.waiting) {
      throw refusal('unavailable', 'Too many reads are waiting.');
    }
    const lane = this.lanes.get(key) ?? { running: 0, waiting: [] };
    if (lane.waiting.length >= this.limits.waitingPerKey) {
      throw refusal('rate_limited', 'Too many of your reads are waiting.');
    }
    this.lanes.set(key, lane);
    await new Promise<void>((start, refuse) => {
      lane.waiting.push({ start, refuse });
      this.waitingCount += 1;
      this.startSome();
    });
    try {
      return await work();
    } finally {
      this.running -= 1;
      lane.running -= 1;
      this.lanes.delete(key);
      if (lane.running > 0 || lane.waiting.length > 0) this.lanes.set(key, lane);
      if (this.running === 0) for (const each of this.idle.splice(0)) each();
      this.startSome();
    }
  }

  /** Carries out work while nothing else runs. */
  exclusive<T>(work: () => T): Promise<T> {
    this.holds += 1;
    const result = this.alone.then(async () => {
      try {
        await this.untilIdle();
        return work();
      } finally {
        this.holds -= 1;
        this.startSome();
      }
    });
    this.alone = result.catch(() => undefined);
    return result;
  }

  /** Refuses what waits and what comes; resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const { waiting } of this.lanes.values()) {
      for (const each of waiting.splice(0)) each.refuse(closing());
    }
    this.waitingCount = 0;
    await this.untilIdle();
  }

  private async untilIdle(): Promise<void> {
    if (this.running > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Those that run are at the end: it is among the first, however many wait. */
  private nextLane(): [key: string, lane: Lane] | undefined {
    for (const entry of this.lanes) {
      const [, { running, waiting }] = entry;
      if (waiting.length > 0 && running < this.limits.slotsPerKey) return entry;
    }
    return undefined;
  }

  private startSome(): void {
    while (this.holds === 0 && this.running < this.limits.slots) {
      const next = this.nextLane();
      if (!next) return;
      const [key, lane] = next;
      this.lanes.delete(key);
      this.lanes.set(key, lane);
      lane.running += 1;
      this.running += 1;
      this.waitingCount -= 1;
      lane.waiting.shift()?.start();
    }
  }
}

function refusal(code: 'unavailable' | 'rate_limited', message: string): AppError {
  return new AppError(code, message, { retryAfterMs: RETRY_AFTER_MS });
}

function closing(): AppError {
  return refusal('unavailable', 'The store is closing.');
}
