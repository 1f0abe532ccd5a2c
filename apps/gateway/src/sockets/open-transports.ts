import { AppError, networkOf, siteOf } from '@agent-messenger/service-kit';
import type { Duplex } from 'node:stream';
import type { GatewayConfig } from '../config';

/** Room for those that are about to say who they are, and to be told that there is no room. */
const STRANGERS = 1_000;
/** How many times as many as from one network may come from the /48 that it belongs to. */
const NETWORKS_PER_SITE = 8;
/** When to come back where there is no room: it comes when others leave. */
const FULL_MS = 5_000;

/** The transports that are open, of both kinds, whether their peers have said who they are or not. */
export class OpenTransports {
  private count = 0;
  private readonly byIp = new Map<string, number>();

  constructor(
    private readonly config: Pick<GatewayConfig, 'MAX_CONNECTIONS' | 'MAX_CONNECTIONS_PER_IP'>,
  ) {}

  /** Counts the transport until it closes. @throws AppError when there are too many */
  take(ip: string, transport: Duplex): void {
    const { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_IP } = this.config;
    if (this.count >= MAX_CONNECTIONS + STRANGERS) {
      throw new AppError('unavailable', 'This gateway takes no connections now', {
        retryAfterMs: FULL_MS,
      });
    }
    const [network, site] = [networkOf(ip), siteOf(ip)];
    const isCrowded = (name: string, most: number) => (this.byIp.get(name) ?? 0) >= most;
    if (
      isCrowded(network, MAX_CONNECTIONS_PER_IP) ||
      (site !== undefined && isCrowded(site, MAX_CONNECTIONS_PER_IP * NETWORKS_PER_SITE))
    ) {
      throw new AppError('rate_limited', 'Too many connections from this address', {
        retryAfterMs: FULL_MS,
      });
    }
    this.count += 1;
    for (const name of namesOf(ip)) this.byIp.set(name, (this.byIp.get(name) ?? 0) + 1);
    transport.on('close', () => {
      this.count -= 1;
      for (const name of namesOf(ip)) this.release(name);
    });
  }

  private release(name: string): void {
    const left = (this.byIp.get(name) ?? 0) - 1;
    if (left > 0) this.byIp.set(name, left);
    else this.byIp.delete(name);
  }
}

/** Each time anew: to keep them would be to keep them for as long as the transport is open. */
function namesOf(ip: string): string[] {
  const site = siteOf(ip);
  return site === undefined ? [networkOf(ip)] : [networkOf(ip), site];
}
