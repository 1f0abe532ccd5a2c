import { Allowance, type AllowanceParts, type Budget, type Charge } from './allowance';
import type { CountsAtOnce } from './shared-counts';

interface MemoryLimitParts extends AllowanceParts {
  counts: CountsAtOnce;
}

/** A rate limit that is counted in memory: nothing waits, and whatever is counted stays in order. */
export class MemoryLimit {
  private readonly allowance: Allowance;

  constructor(private readonly parts: MemoryLimitParts) {
    this.allowance = new Allowance(parts);
  }

  /** Counts one, or `cost`. @param factor how many times the budget is this subject's */
  count(subject: string, factor = 1, cost = 1): Budget {
    return this.consume(subject, this.allowance.chargeOf(factor, cost));
  }

  /** Counts one of what is shared, see `Allowance.shareOf`. */
  countShare(subject: string, factor: number): Budget {
    return this.consume(subject, this.allowance.shareOf(factor));
  }

  /** What one that was counted turned out to cost besides: nothing is refused, before the next one comes. */
  charge(subject: string, cost: number, factor: number): void {
    const { points: most } = this.allowance.chargeOf(factor, cost);
    this.parts.counts.consume(this.allowance.keyOf(subject), cost, { most });
  }

  /** One that `count` counted is not to be this subject's. */
  refund(subject: string): void {
    this.parts.counts.reward(this.allowance.keyOf(subject), 1);
  }

  private consume(subject: string, charge: Charge): Budget {
    const { allowance, parts } = this;
    const counted = allowance
      .accountsOf(subject, charge)
      .map(({ key, most }) => parts.counts.consume(key, charge.cost, { most }));
    return allowance.judge(charge, counted);
  }
}
