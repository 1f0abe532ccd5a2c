import type { PositionMoved, Receipt } from '@agent-messenger/contracts';

/** Positions that wait while Redis is away; beyond it they are not told, and come with the next listing. */
const MOST = 10_000;
/** At a time: some 200 kB on a gateway's channel. */
const RECEIPTS = 1_000;

export interface MovedPosition {
  receipt: Receipt;
  tell: string[];
}

/** Positions that moved and of which the others are to be told: the last one of each member in each conversation. */
export class MovedPositions {
  private waiting = new Map<string, MovedPosition>();

  note({ receipt, tell }: PositionMoved): void {
    if (!receipt || tell.length === 0) return;
    const key = `${receipt.identity_id} ${receipt.conversation_id}`;
    if (!this.waiting.has(key) && this.waiting.size >= MOST) return;
    this.waiting.set(key, { receipt, tell });
  }

  take(): MovedPosition[] {
    const taken = [...this.waiting].slice(0, RECEIPTS);
    for (const [key] of taken) this.waiting.delete(key);
    return taken.map(([, moved]) => moved);
  }
}
