import { LIMITS } from '@agent-messenger/contracts';
import { TestSocketPlain, type Refusal, type ServiceProcess } from '@agent-messenger/testkit';
import type { Member } from './setup';

/** Of a client's own, when nobody told it. */
const LATE_RETRY_MS = 1_000;

/** A client that comes back when it is told to, and not before. */
export class StormClient {
  /** What it was refused with, each time. */
  readonly refusals: Refusal[] = [];
  /** performance.now() of `connected`; null until then. */
  connectedAt: number | null = null;
  private socket: TestSocketPlain | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly gateway: ServiceProcess,
    private readonly member: Member,
  ) {}

  get isConnected(): boolean {
    return this.connectedAt !== null;
  }

  connect(): void {
    const { gateway, member } = this;
    const namespace = member.kind === 'user' ? '/client' : '/agent';
    const from = performance.now();
    const plain = new TestSocketPlain(gateway.url, namespace, { token: member.token });
    this.socket = plain;
    plain.socket.on('message', () => {
      if (plain.all('connected').length > 0) this.connectedAt ??= performance.now();
    });
    plain.socket.on('close', () => {
      const wasIn = this.isConnected;
      this.connectedAt = null;
      const refusal = plain.errors.at(0);
      // So many in one process may present their tokens too late, which is no word about the tokens.
      const wasSlow = performance.now() - from >= LIMITS.handshakeMs;
      const isLate = !refusal || (refusal.code === 'unauthorized' && wasSlow);
      if (!isLate) this.refusals.push(refusal);
      if (wasIn || this.isClosed) return;
      const comeBackMs = isLate ? LATE_RETRY_MS : refusal.retry_after_ms;
      if (comeBackMs === undefined) return;
      this.timer = setTimeout(() => this.connect(), comeBackMs);
    });
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }
}
