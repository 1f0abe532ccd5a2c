import type { Operation } from '@agent-messenger/contracts';

export type PositionOperation = Extract<Operation, { op: 'received' | 'read' }>;
export type Position = Omit<PositionOperation, 'op'>;

/** Positions that wait while the store is away; beyond it they are lost, which is harmless (see AppendQueue). */
const MOST = 100_000;

/** The highest position of each identity in each conversation that waits to be handed over. */
export class ReceivedPositions {
  private waiting = new Map<string, PositionOperation>();

  get size(): number {
    return this.waiting.size;
  }

  note(position: Position): void {
    const key = keyOf(position);
    const earlier = this.waiting.get(key);
    if (!earlier && this.waiting.size >= MOST) return;
    const age = (position.epoch ?? 0) - (earlier?.epoch ?? 0);
    // Of two connections the newer one's counts: it must not vouch for what the other one says.
    if (earlier && age < 0) return;
    const same = age === 0 ? earlier : undefined;
    const seq = Math.max(position.seq, same?.seq ?? 0);
    const seen_seq = Math.max(seenOf(position), same ? seenOf(same) : 0);
    const unseen = seen_seq < seq ? seen_seq : undefined;
    this.waiting.set(key, { op: 'received', ...position, seq, seen_seq: unseen });
  }

  take(most: number): PositionOperation[] {
    const positions = [...this.waiting.values()].slice(0, most);
    for (const position of positions) this.waiting.delete(keyOf(position));
    return positions;
  }
}

function seenOf({ seq, seen_seq = seq }: Position): number {
  return seen_seq;
}

/** Positions of one log are comparable, those of two are not. */
function keyOf({ identity_id, conversation_id, log_id }: Position): string {
  return `${identity_id} ${conversation_id} ${log_id}`;
}
