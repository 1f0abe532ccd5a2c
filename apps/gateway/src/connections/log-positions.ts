/** Conversations that ended whose positions are kept: a repeat of their last event is recognised for a while. */
const ENDED_KEPT = 100;

/** How far one connection is in the log of a conversation. */
export interface Position {
  /** Seq of the last event written to this connection; undefined until the log was read once. */
  cursor: number | undefined;
  /** Up to where the client has taken responsibility, as far as this connection knows. */
  received: number;
  /** Something may be in the log that was not written. */
  dirty: boolean;
  /** The newest event that was offered during the read under way: its page may bring it. */
  offered: number;
  /** Resolves when what was in the log at the first page of the read under way is written; undefined: nobody reads. */
  reading: Promise<void> | undefined;
  /** Up to this seq events are written one at a time, when its turn has come; see Quarantine. */
  suspect: { untilSeq: number; isTurn: boolean } | undefined;
  /** The last event that was written is the last one that there is for this identity. */
  isOver: boolean;
}

/**
 * The positions of one connection. It lives for hours: it does not keep one of every conversation that there has been.
 */
export class LogPositions {
  /** Most connections have none for a long time. */
  private positions: Map<string, Position> | undefined;
  /**
   * Those that ended for this connection's identity, and of which the client has taken the last event; oldest first.
   */
  private ended: Set<string> | undefined;

  get size(): number {
    return this.positions?.size ?? 0;
  }

  ids(): string[] {
    return [...(this.positions?.keys() ?? [])];
  }

  get(conversationId: string): Position | undefined {
    return this.positions?.get(conversationId);
  }

  /** As `get`; one that is not known yet begins. */
  of(conversationId: string): Position {
    let position = this.get(conversationId);
    if (!position) {
      position = {
        cursor: undefined,
        received: 0,
        dirty: false,
        offered: 0,
        reading: undefined,
        suspect: undefined,
        isOver: false,
      };
      (this.positions ??= new Map()).set(conversationId, position);
    }
    return position;
  }

  /** What the client was given and has not dealt with: the last seq of each conversation. */
  underWay(): { conversation_id: string; seq: number }[] {
    return [...(this.positions ?? [])].flatMap(([conversation_id, { cursor = 0, received }]) =>
      cursor > received ? [{ conversation_id, seq: cursor }] : [],
    );
  }

  /** The client has dealt with all that it was given, and no more is on its way. */
  areQuiet(): boolean {
    return [...(this.positions?.values() ?? [])].every(
      ({ cursor = 0, received, reading }) => cursor <= received && !reading,
    );
  }

  /** The client has taken its last event: the position is kept for a while. */
  end(conversationId: string): void {
    const ended = (this.ended ??= new Set()).add(conversationId);
    for (const id of ended) {
      if (ended.size <= ENDED_KEPT) return;
      if (this.get(id)?.reading) continue;
      this.delete(id);
    }
  }

  /** It has not ended, or not for ever: who left is added again. */
  goOn(conversationId: string): void {
    this.ended?.delete(conversationId);
  }

  delete(conversationId: string): void {
    this.positions?.delete(conversationId);
    this.ended?.delete(conversationId);
  }
}
