import type { IncomingMessage } from 'node:http';
import { enforce } from '../limits/allowance';
import type { Held } from '../limits/rate-limit';
import type { RateLimits } from '../limits/rate-limits';

/** Connection attempts, counted of their address at the upgrade, before it is known whether their credentials are right. */
export class ConnectAttempts {
  private readonly held = new WeakMap<IncomingMessage, Held>();

  constructor(private readonly limits: Pick<RateLimits, 'attempts' | 'connects'>) {}

  /** @throws AppError `rate_limited` when the address has made too many */
  async take(upgrade: IncomingMessage, ip: string): Promise<void> {
    await this.limits.attempts.take(ip);
    const held = await this.limits.connects.hold(ip);
    enforce([held.budget]);
    this.held.set(upgrade, held);
  }

  /** What the upgrade took of its address, which gets it back should the credentials be wrong. */
  of(upgrade: IncomingMessage): Held | undefined {
    return this.held.get(upgrade);
  }
}
