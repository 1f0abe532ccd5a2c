import { TestSocketPlain, type Refusal, type ServiceProcess } from '@agent-messenger/testkit';
import type { Member } from './setup';

/** A client that comes back when it is told to, and not before. */
export class StormClient {
  /** What it was refused with, each time. */
  readonly refusals: Refusal[] = [];
  /** performance.now() of `connected`; null until then. */
  connectedAt: number | null = null;
  private socket: TestSocketPlain | undefined;
  private timer: NodeJS.Timeout | undefined;

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
    const plain = new TestSocketPlain(gateway.url, namespace, { token: member.token });
    this.socket = plain;
    plain.socket.on('message', () => {
      if (plain.all('connected').length > 0) this.connectedAt ??= performance.now();
    });
    plain.socket.on('close', () => {
      this.connectedAt = null;
      const [refusal] = plain.errors;
      if (!refusal) return;
      this.refusals.push(refusal);
      if (refusal.retry_after_ms !== undefined) {
        this.timer = setTimeout(() => this.connect(), refusal.retry_after_ms);
      }
    });
  }

  close(): void {
    clearTimeout(this.timer);
    this.socket?.close();
  }
}
