import type { Actor, IdentityKind } from '@agent-messenger/contracts';
import type { Budget } from './allowance';
import { costOfAnswer, type BudgetName, type IdentityCosts } from './identity-limits';
import type { MemoryLimit } from './memory-limit';

/** The budgets of identities over sockets: nothing waits for what is counted. */
export class SocketLimits {
  constructor(
    private readonly limits: Record<BudgetName | 'stream_bytes', MemoryLimit>,
    /** People are not held up by an agent that works at the same address. */
    private readonly sendsOfIp: Record<IdentityKind, MemoryLimit>,
    private readonly costs: IdentityCosts,
  ) {}

  /** Counts one request; what is refused because of its address costs its identity nothing. */
  count(name: BudgetName, identity: Actor, ip: string): Budget[] {
    const factor = this.costs.factorOf(identity);
    const budget = this.limits[name].count(identity.id, factor);
    if (name !== 'sends') return [budget];
    const ofIp = this.sendsOfIp[identity.kind].countShare(ip, factor);
    if (ofIp.isExceeded) this.limits[name].refund(identity.id);
    return [budget, ofIp];
  }

  /** Counts what an answer costs; what comes next is refused when it was too much. */
  charge(name: BudgetName, identity: Actor, answer: { bytes?: number; more?: number }): void {
    const cost = costOfAnswer(answer, this.costs);
    if (cost > 0) this.limits[name].charge(identity.id, cost, this.costs.factorOf(identity));
  }

  /** What an agent adds to its streams, UTF-8. */
  countStreamBytes(identity: Actor, bytes: number): Budget {
    return this.limits.stream_bytes.count(identity.id, this.costs.factorOf(identity), bytes);
  }
}
