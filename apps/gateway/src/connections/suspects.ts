import type { CallResponse, Event, messagesCalls } from '@agent-messenger/contracts';
import type { LogPositions, Position } from './log-positions';
import { Quarantine } from './quarantine';

type Page = CallResponse<typeof messagesCalls, 'readLog'>;

interface SuspectsOptions {
  /** Whose connection it is. */
  identityId: string;
  positions: LogPositions;
  markDirty(conversationId: string): void;
}

/**
 * Conversations of one connection whose next event was under way whenever earlier ones broke: nothing of them is
 * written until their turn in the quarantine, and then event by event, each when the one before is dealt with.
 */
export class Suspects {
  private readonly quarantine: Quarantine;

  constructor(private readonly options: SuspectsOptions) {
    const { positions, markDirty } = options;
    this.quarantine = new Quarantine({
      isQuiet: () => positions.areQuiet(),
      release(conversationId) {
        const { suspect } = positions.of(conversationId);
        if (suspect) suspect.isTurn = true;
        markDirty(conversationId);
      },
      giveUp: (conversationId) => this.acquit(conversationId, positions.of(conversationId)),
    });
  }

  /** The first page says so: it is not written. */
  hold(conversationId: string, position: Position, { after_seq, suspect }: Page): void {
    if (!suspect) return;
    position.cursor = after_seq;
    position.received = after_seq;
    position.suspect = { untilSeq: suspect.until_seq, isTurn: false };
    position.dirty = false;
    this.quarantine.enter(conversationId, suspect.attempts);
  }

  /** Everything else that was undelivered has been written. */
  release(): void {
    this.quarantine.open();
  }

  /** Events of one whose turn it is were written. @returns whether the next one is to be written now */
  passed(conversationId: string, position: Position, { events, has_more }: Page): boolean {
    if (events.some((event) => mayBreak(this.options.identityId, event))) return false;
    if (!has_more) this.acquit(conversationId, position);
    return has_more;
  }

  /** The client has dealt with what it was given. */
  received(conversationId: string, position: Position): void {
    const { cursor = 0, received, suspect } = position;
    if (!suspect?.isTurn || received < cursor) return;
    if (cursor >= suspect.untilSeq) this.acquit(conversationId, position);
    else this.options.markDirty(conversationId);
  }

  /** If nothing else is under way now, the next one may go. */
  settle(): void {
    this.quarantine.settle();
  }

  /** It is no conversation of this connection any more. */
  forget(conversationId: string): void {
    this.quarantine.leave(conversationId);
  }

  stop(): void {
    this.quarantine.stop();
  }

  /** From here on a conversation as any other. */
  private acquit(conversationId: string, position: Position): void {
    position.suspect = undefined;
    this.quarantine.leave(conversationId);
    this.options.markDirty(conversationId);
  }
}

/** Attempts are counted for these alone: nobody has to deal with what it did itself, or with the beginning. */
export function mayBreak(identityId: string, { actor, type }: Event): boolean {
  return actor.id !== identityId && type !== 'conversation.created';
}
