import type { IncomingMessage } from 'node:http';
import { enforce } from '../limits/allowance';
import type { Reservation } from '../limits/rate-limit';
import type { RateLimits } from '../limits/rate-limits';

/**
 * Connection attempts, counted of their address at the upgrade, before it is known whether their credentials are right.
 */
export class ConnectAttempts {
  private readonly reservations = new WeakMap<IncomingMessage, Reservation>();

  constructor(private readonly limits: Pick<RateLimits, 'attempts' | 'connects'>) {}

  /** @throws AppError `rate_limited` when the address has made too many */
  async take(upgrade: IncomingMessage, ip: string): Promise<void> {
    await this.limits.attempts.take(ip);
    const reservation = await this.limits.connects.reserve(ip);
    enforce([reservation.budget]);
    this.reservations.set(upgrade, reservation);
  }

  /** What the upgrade took of its address, which gets it back should the credentials be wrong. */
  of(upgrade: IncomingMessage): Reservation | undefined {
    return this.reservations.get(upgrade);
  }
}
