import type { Actor, IdentityKind } from '@agent-messenger/contracts';
import type { Budget } from './allowance';
import type { RateLimit } from './rate-limit';

/** What the requests of an identity are counted as. */
export type BudgetName = 'sends' | 'reads' | 'receipts' | 'signals' | 'stream_appends';

/** What the budgets of identities depend on. */
export interface IdentityCosts {
  /** How many times each budget is the identity's. */
  factorOf: (identity: Actor) => number;
  /** For so many bytes an answer counts as one request more. */
  answerBytes: number;
}

/** What an answer costs beyond that it was one, as requests: by its bytes, or by the rows that were looked at. */
export function costOfAnswer({ bytes = 0, more = 0 }, { answerBytes }: IdentityCosts): number {
  return more + Math.floor(bytes / answerBytes);
}

/** The budgets of identities over REST. */
export class IdentityLimits {
  constructor(
    private readonly limits: Record<BudgetName | 'stream_bytes', RateLimit>,
    /** People are not held up by an agent that works at the same address. */
    private readonly sendsOfIp: Record<IdentityKind, RateLimit>,
    private readonly costs: IdentityCosts,
  ) {}

  /** Counts one request; what is refused because of its address costs its identity nothing. */
  async count(name: BudgetName, identity: Actor, ip: string): Promise<Budget[]> {
    const factor = this.costs.factorOf(identity);
    if (name !== 'sends') return [await this.limits[name].count(identity.id, factor)];
    const [own, ofIp] = await Promise.all([
      this.limits[name].reserve(identity.id, factor),
      this.sendsOfIp[identity.kind].countShare(ip, factor),
    ]);
    if (ofIp.isExceeded) await own.refund();
    return [own.budget, ofIp];
  }

  /** Counts what an answer costs. Nothing waits for it; what comes next is refused when it was too much. */
  charge(name: BudgetName, identity: Actor, answer: { bytes?: number; more?: number }): void {
    const cost = costOfAnswer(answer, this.costs);
    if (cost > 0) void this.limits[name].charge(identity.id, cost, this.costs.factorOf(identity));
  }

  /** The identity is gone. */
  async forget(identityId: string): Promise<void> {
    await Promise.all(Object.values(this.limits).map((limit) => limit.forget(identityId)));
  }
}
