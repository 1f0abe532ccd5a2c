import type { Receipt } from '@agent-messenger/contracts';

/** How long a receipt waits for an event that is written anyway: a write of its own costs as much as the event's. */
const WAIT_MS = 100;

/** What one connection is to be told of others' positions: the last one of each in each conversation. */
export class HeldReceipts {
  private readonly waiting = new Map<string, Receipt>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly write: (receipt: Receipt) => void) {}

  hold(receipt: Receipt): void {
    this.waiting.set(`${receipt.identity_id} ${receipt.conversation_id}`, receipt);
    this.timer ??= setTimeout(() => this.flush(), WAIT_MS);
  }

  flush(): void {
    if (!this.timer) return;
    this.drop();
    const receipts = [...this.waiting.values()];
    this.waiting.clear();
    receipts.forEach(this.write);
  }

  /** The connection has ended. */
  drop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
