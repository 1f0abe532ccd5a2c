import { Counter, Gauge, type Registry } from 'prom-client';
import { remember } from '../remember';

export const QUOTAS = ['person', 'agent', 'address'] as const;
export type QuotaOf = (typeof QUOTAS)[number];

/** Who was refused within this time counts as being at its quota. */
const RECENT_MS = 3_600_000;
/** Remembered; of more it is enough to know that there are many. */
const MOST = 10_000;

/** Who was refused for a quota of late: what operators look at before they raise one. */
export class QuotaRefusals {
  /** Monotonic time of the last refusal, oldest first. */
  private readonly last = new Map<string, number>();
  private readonly counter: Counter<'of' | 'bound'>;

  constructor(
    registry: Registry,
    private readonly now: () => number = () => performance.now(),
  ) {
    const registers = [registry];
    this.counter = new Counter({
      name: 'messages_quota_refusals_total',
      help: 'Content that was refused because a person, an agent or an address has stored its share, in a day or in all.',
      labelNames: ['of', 'bound'],
      registers,
    });
    for (const of of QUOTAS) {
      for (const bound of ['day', 'all']) this.counter.inc({ of, bound }, 0);
    }
    const recent = () => this.recent();
    new Gauge({
      name: 'messages_quota_reached',
      help: 'People, agents and addresses that were refused for their quota within the last hour.',
      registers,
      collect() {
        this.set(recent());
      },
    });
  }

  note(key: string, of: QuotaOf, bound: 'day' | 'all'): void {
    this.counter.inc({ of, bound });
    remember(this.last, key, this.now(), MOST);
  }

  /** How many were refused within the last hour. */
  recent(): number {
    const since = this.now() - RECENT_MS;
    for (const [key, at] of this.last) {
      if (at >= since) break;
      this.last.delete(key);
    }
    return this.last.size;
  }
}
