import { AppError, NETWORKS_PER_SITE } from '@agent-messenger/service-kit';
import type { Counted } from './shared-counts';

/** What one request costs of a budget that is shared; of it, those pay a part whose own budget is larger. */
const COST = 1_000_000;

/** What is left of a budget after a request was counted. */
export interface Budget {
  limit: number;
  remaining: number;
  isExceeded: boolean;
  /** Until the budget is whole again, ms. */
  resetMs: number;
}

/** @throws AppError `rate_limited` with when to come back, when one of the budgets is exceeded */
export function enforce(budgets: readonly Budget[]): void {
  const exceeded = budgets.filter(({ isExceeded }) => isExceeded);
  if (exceeded.length === 0) return;
  throw new AppError('rate_limited', 'Too many requests', {
    retryAfterMs: Math.max(...exceeded.map(({ resetMs }) => resetMs)),
  });
}

export interface AllowanceParts {
  /** Requests in a window of time. */
  points: number;
  /** What is counted together. */
  keyOf: (subject: string) => string;
  /** What is counted besides, with a larger budget: the site that a network belongs to. */
  siteOf?: (subject: string) => string | undefined;
  onExceeded: () => void;
}

/** What a request takes, and of how much. */
export interface Charge {
  points: number;
  cost: number;
}

/** How much each subject may, wherever it is counted. */
export class Allowance {
  constructor(private readonly parts: AllowanceParts) {}

  /** @param factor how many times the budget is this subject's */
  chargeOf(factor: number, cost: number): Charge {
    return { points: Math.floor(this.parts.points * factor), cost };
  }

  /**
   * Of one whose own budget is `factor` times the usual one: it takes as much of what is shared as it takes of its own,
   * so that who may do much leaves as much to others as who may do little.
   */
  shareOf(factor: number): Charge {
    // Rounded in favour of the sender.
    const cost = Math.max(Math.floor(COST / factor), 1);
    return { points: this.parts.points * COST, cost };
  }

  keyOf(subject: string): string {
    return this.parts.keyOf(subject);
  }

  /** Where a request is counted, with the budget there: as the subject's, and as that of its site if it has one. */
  accountsOf(subject: string, { points }: Pick<Charge, 'points'>): { key: string; most: number }[] {
    const own = { key: this.keyOf(subject), most: points };
    const site = this.parts.siteOf?.(subject);
    return site === undefined ? [own] : [own, { key: site, most: points * NETWORKS_PER_SITE }];
  }

  /** @param counted of the accounts, in their order */
  judge({ points, cost }: Charge, [own, ofSite]: readonly Counted[]): Budget {
    if (!own) throw new TypeError('nothing was counted');
    const budget = budgetOf(own, points, cost);
    const shared = ofSite && budgetOf(ofSite, points * NETWORKS_PER_SITE, cost);
    const judged = shared?.isExceeded && !budget.isExceeded ? shared : budget;
    if (judged.isExceeded) this.parts.onExceeded();
    return judged;
  }

  /** Counts nothing. @throws AppError `rate_limited` when nothing is left of an account */
  check({ points }: Pick<Charge, 'points'>, counted: readonly (Counted | null)[]): void {
    const spent = counted.find((one, index) => {
      const most = index === 0 ? points : points * NETWORKS_PER_SITE;
      return one && one.msBeforeNext > 0 && one.consumedPoints >= most;
    });
    if (!spent) return;
    this.parts.onExceeded();
    enforce([{ ...budgetOf(spent, points), isExceeded: true }]);
  }
}

/** In requests of which each costs so many points. */
function budgetOf({ consumedPoints, msBeforeNext }: Counted, points: number, cost = 1): Budget {
  return {
    limit: Math.floor(points / cost),
    remaining: Math.max(Math.floor((points - consumedPoints) / cost), 0),
    isExceeded: consumedPoints > points,
    resetMs: msBeforeNext,
  };
}
