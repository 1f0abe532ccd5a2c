import { networkOf } from '@agent-messenger/service-kit';
import type { Duplex } from 'node:stream';
import type { GatewayConfig } from '../config';

/** Room for those that are about to say who they are, and to be told that there is no room. */
const STRANGERS = 1_000;

/** The transports that are open, of both kinds, whether their peers have said who they are or not. */
export class OpenTransports {
  private count = 0;
  private readonly byIp = new Map<string, number>();

  constructor(
    private readonly config: Pick<GatewayConfig, 'MAX_CONNECTIONS' | 'MAX_CONNECTIONS_PER_IP'>,
  ) {}

  /** Counts the transport until it closes. @returns the status with which to refuse it instead, when there are too many */
  take(ip: string, transport: Duplex): string | undefined {
    const { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_IP } = this.config;
    if (this.count >= MAX_CONNECTIONS + STRANGERS) return '503 Service Unavailable';
    const network = networkOf(ip);
    const ofIp = this.byIp.get(network) ?? 0;
    if (ofIp >= MAX_CONNECTIONS_PER_IP) return '429 Too Many Requests';
    this.count += 1;
    this.byIp.set(network, ofIp + 1);
    transport.once('close', () => this.release(network));
    return undefined;
  }

  private release(network: string): void {
    this.count -= 1;
    const left = (this.byIp.get(network) ?? 0) - 1;
    if (left > 0) this.byIp.set(network, left);
    else this.byIp.delete(network);
  }
}
