import { Allowance, enforce, type AllowanceParts, type Budget, type Charge } from './allowance';
import type { Counts } from './shared-counts';

/** One that was counted and may turn out to be none. */
export interface Reservation {
  budget: Budget;
  /** It was none: taken off the windows it was counted in while these last, so that the next ones begin at nothing. */
  refund(): Promise<void>;
}

interface RateLimitParts extends AllowanceParts {
  /** Counts, and refuses nothing: how much is too much may differ from key to key. */
  limiter: Counts;
}

/** So many requests of each subject, an identity or an address, in a window of time. */
export class RateLimit {
  private readonly allowance: Allowance;

  constructor(private readonly parts: RateLimitParts) {
    this.allowance = new Allowance(parts);
  }

  /** Counts one, or `cost`. @param factor how many times the budget is this subject's */
  count(subject: string, factor = 1, cost = 1): Promise<Budget> {
    return this.consume(subject, this.allowance.chargeOf(factor, cost));
  }

  /** Counts one that the subject may get back: what it is, is known when it is done. @param factor as for `count` */
  async reserve(subject: string, factor = 1): Promise<Reservation> {
    const { limiter } = this.parts;
    const charge = this.allowance.chargeOf(factor, 1);
    const from = performance.now();
    const { accounts, counted, budget } = await this.spend(subject, charge);
    return {
      budget,
      async refund() {
        const sinceMs = performance.now() - from;
        const lasting = accounts.filter((_, n) => sinceMs < (counted[n]?.msBeforeNext ?? 0));
        await Promise.all(lasting.map(({ key }) => limiter.reward(key, charge.cost)));
      },
    };
  }

  /** Counts one of what is shared, see `Allowance.shareOf`. */
  countShare(subject: string, factor: number): Promise<Budget> {
    return this.consume(subject, this.allowance.shareOf(factor));
  }

  private async consume(subject: string, charge: Charge): Promise<Budget> {
    return (await this.spend(subject, charge)).budget;
  }

  private async spend(subject: string, charge: Charge) {
    const { allowance, parts } = this;
    const accounts = allowance.accountsOf(subject, charge);
    const counted = await Promise.all(
      accounts.map(({ key, most }) => parts.limiter.consume(key, charge.cost, { most })),
    );
    return { accounts, counted, budget: allowance.judge(charge, counted) };
  }

  /** What one that was counted turned out to cost besides: nothing is refused, before the next one comes. */
  async charge(subject: string, cost: number, factor: number): Promise<void> {
    const { points: most } = this.allowance.chargeOf(factor, cost);
    await this.parts.limiter.consume(this.allowance.keyOf(subject), cost, { most });
  }

  /** The subject is gone: nothing about it is kept. */
  async forget(subject: string): Promise<void> {
    await this.parts.limiter.delete(this.allowance.keyOf(subject));
  }

  /** Counts one. @throws AppError `rate_limited` */
  async take(subject: string): Promise<void> {
    enforce([await this.count(subject)]);
  }

  /** Counts nothing. @throws AppError `rate_limited` when nothing is left */
  async check(subject: string): Promise<void> {
    const { allowance, parts } = this;
    const accounts = allowance.accountsOf(subject, parts);
    allowance.check(parts, await Promise.all(accounts.map(({ key }) => parts.limiter.get(key))));
  }
}
