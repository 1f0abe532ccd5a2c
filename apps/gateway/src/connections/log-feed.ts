import type { CallResponse, Client, Event, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Limit } from 'p-limit';
import { backoff } from './backoff';
import type { Connection } from './connection';
import { EarlyEvents } from './early-events';
import { LogPositions, type Position } from './log-positions';
import { mayBreak, Suspects } from './suspects';

/** Most events read from the log at a time; fewer when the reader has no room for their content. */
const PAGE = 200;

type Page = CallResponse<typeof messagesCalls, 'readLog'>;

/** The same for all connections of a gateway. */
export interface LogFeedOptions {
  readLog: Client<typeof messagesCalls>['readLog'];
  /** Reads of all connections of this gateway share one bound. */
  limit: Limit;
  log: Logger;
  /** @param traceparent of the trace that the event is part of, if it is */
  onWritten(connection: Connection, event: Event, traceparent?: string): void;
}

/**
 * Writes the log's events to one connection, each once and in order per conversation.
 *
 * The cursor rule: an event is written only when `seq = cursor + 1`; at or below, it is a repeat; otherwise, or without
 * a cursor, or above the high-water mark, the conversation is dirty and is read from the log until a page comes back
 * short and nothing arrived meanwhile. Live events are only wake-ups: losing, repeating or reordering them loses
 * nothing.
 */
export class LogFeed {
  /** Events written so far. */
  written = 0;
  /** The client tells what it has dealt with. */
  acknowledges = false;
  private readonly positions = new LogPositions();
  private early: EarlyEvents | undefined;
  /** Messages of the peer's own that are being committed: only it brings their events. */
  private ownUnderWay = 0;
  private started = false;
  /** Most connections have none. */
  private suspects: Suspects | undefined;
  private mayReleaseSuspects = false;

  constructor(
    private readonly connection: Connection,
    private readonly options: LogFeedOptions,
  ) {}

  /** Conversations of which a position is kept. */
  get size(): number {
    return this.positions.size;
  }

  /** Until the start nothing is written: what arrives is only remembered as dirty. Resolves when that is written. */
  async start(): Promise<void> {
    this.started = true;
    await Promise.all(this.positions.ids().map((conversationId) => this.markDirty(conversationId)));
  }

  /** A live event, or the news that there is one. */
  offer(event: Event, traceparent?: string): void {
    const position = this.positions.of(event.conversation_id);
    const { cursor, reading, dirty, suspect } = position;
    if (cursor !== undefined && event.seq <= cursor) return;
    if (cursor !== undefined && !reading && !dirty && !suspect) {
      const { connection } = this;
      const isEnough = !isWithoutMessage(event) || connection.isCompact;
      if (event.seq > cursor + 1) {
        // The answer to what the peer has sent may be behind it.
        if (isEnough && this.ownUnderWay > 0 && this.keepEarly(event, traceparent)) return;
      } else if (isEnough && !connection.isAboveHighWater) {
        this.write(position, event, traceparent);
        return this.offerNext(event.conversation_id, event.seq);
      }
    }
    if (reading) position.offered = Math.max(position.offered, event.seq);
    else void this.markDirty(event.conversation_id);
  }

  /**
   * The peer sends a message, whose event is offered here, with the ack, and by nobody else.
   * @returns what is to be called when that was done, or when there is none
   */
  expectOwn(): () => void {
    this.ownUnderWay += 1;
    return () => (this.ownUnderWay -= 1);
  }

  private keepEarly(event: Event, traceparent: string | undefined): boolean {
    this.early ??= new EarlyEvents((conversationId) => void this.markDirty(conversationId));
    return this.early.hold(event, traceparent);
  }

  /** What has waited for this seq to be written. */
  private offerNext(conversationId: string, seq: number): void {
    const early = this.early?.written(conversationId, seq);
    if (early) this.offer(early.event, early.traceparent);
  }

  /**
   * Resolves when what is in the log now has been written; what comes meanwhile is written too, but not waited for. A
   * suspect conversation is not waited for either.
   */
  async markDirty(conversationId: string): Promise<void> {
    const position = this.positions.of(conversationId);
    // It is read from the log when its turn comes, and when that is over.
    if (position.suspect && !position.suspect.isTurn) return;
    position.dirty = true;
    if (!this.started) return;
    position.reading ??= this.read(conversationId, position);
    await position.reading;
  }

  /** As `markDirty`, unless everything up to this seq has been written. */
  async markBehind(conversationId: string, lastSeq: number): Promise<void> {
    const position = this.positions.get(conversationId);
    if (position?.cursor !== undefined && position.cursor >= lastSeq && !position.reading) return;
    await this.markDirty(conversationId);
  }

  /** The client has taken responsibility up to this seq. */
  received(conversationId: string, seq: number): void {
    this.acknowledges = true;
    const position = this.positions.get(conversationId);
    if (position?.cursor === undefined) return;
    position.received = Math.max(position.received, Math.min(seq, position.cursor));
    this.suspects?.received(conversationId, position);
    if (position.isOver && position.received >= position.cursor) this.positions.end(conversationId);
    this.suspects?.settle();
  }

  /** What the client was given and has not dealt with: the last seq of each conversation. */
  underWay(): { conversation_id: string; seq: number }[] {
    return this.positions.underWay();
  }

  /** Everything else that was undelivered has been written: suspects may follow. */
  releaseSuspects(): void {
    this.mayReleaseSuspects = true;
    this.suspects?.release();
  }

  stop(): void {
    this.early?.stop();
    this.suspects?.stop();
  }

  private write(position: Position, event: Event, traceparent?: string): void {
    const isDealtWith = position.received === position.cursor;
    position.cursor = event.seq;
    // Who acknowledges messages alone has dealt with this one.
    if (isDealtWith && !mayBreak(this.connection.identity.id, event)) position.received = event.seq;
    position.isOver = isLastFor(this.connection.identity.id, event);
    // It may come back: who left is added again.
    if (!position.isOver) this.positions.goOn(event.conversation_id);
    this.connection.sendEvent(event);
    this.written += 1;
    this.options.onWritten(this.connection, event, traceparent);
    // Who never tells what it has taken has taken it.
    if (position.isOver && !this.acknowledges) this.positions.end(event.conversation_id);
  }

  /** Resolves when what the first page said was there is written; reads on for as long as there is more. */
  private read(conversationId: string, position: Position): Promise<void> {
    return new Promise((resolve) => {
      void this.readUntilClean(conversationId, position, resolve).finally(resolve);
    });
  }

  private async readUntilClean(
    conversationId: string,
    position: Position,
    onCaughtUp: () => void,
  ): Promise<void> {
    const { connection } = this;
    /** The end of the log when the reading began. */
    let target: number | undefined;
    try {
      let hasMore = true;
      for (let failures = 0; (position.dirty || hasMore) && connection.isCurrent;) {
        try {
          const passed = await connection.page(() => this.passPage(conversationId, position));
          hasMore = passed.hasMore;
          target ??= passed.lastSeq;
          if (target !== undefined && (position.cursor ?? 0) >= target) onCaughtUp();
          failures = 0;
        } catch (error) {
          if (this.isFinal(error, conversationId)) return;
          position.dirty = true;
          await backoff(failures);
          failures += 1;
        }
      }
    } finally {
      // In the same turn as the last look at `dirty`: whoever marks it later finds that nobody reads.
      position.reading = undefined;
      this.suspects?.settle();
    }
  }

  /** From the log to the peer. @returns whether there is more to write now, and where the log ended */
  private async passPage(
    conversationId: string,
    position: Position,
  ): Promise<{ hasMore: boolean; lastSeq?: number }> {
    const { connection } = this;
    const { limit } = this.options;
    if (!(await connection.hasRoom())) return { hasMore: false };
    position.dirty = false;
    position.offered = 0;
    const page = await limit(() => this.readPage(conversationId, position));
    if (page.suspect && position.cursor === undefined) {
      connection.expectLog(page.log_id);
      if (connection.isCurrent) this.makeSuspects().hold(conversationId, position, page);
      return { hasMore: false };
    }
    const isWritten = this.writePage(position, page);
    this.offerNext(conversationId, position.cursor ?? 0);
    if (position.offered > (position.cursor ?? 0)) position.dirty = !position.suspect;
    const goesOn = position.suspect
      ? this.suspects?.passed(conversationId, position, page)
      : page.has_more;
    return { hasMore: !isWritten || goesOn === true, lastSeq: page.last_seq };
  }

  private makeSuspects(): Suspects {
    if (this.suspects) return this.suspects;
    this.suspects = new Suspects({
      identityId: this.connection.identity.id,
      positions: this.positions,
      markDirty: (conversationId) => void this.markDirty(conversationId),
    });
    if (this.mayReleaseSuspects) this.suspects.release();
    return this.suspects;
  }

  private isFinal(error: unknown, conversationId: string): boolean {
    const code = error instanceof AppError ? error.code : 'internal';
    if (code === 'replaced') this.connection.close('replaced');
    // No member any more: there is nothing for this connection here.
    else if (code === 'not_found') {
      this.positions.delete(conversationId);
      this.suspects?.forget(conversationId);
    } else if (code !== 'unavailable')
      this.options.log.error(
        { err: error, connection_id: this.connection.id },
        'reading the log failed',
      );
    return code === 'replaced' || code === 'not_found';
  }

  private readPage(conversationId: string, position: Position): Promise<Page> {
    const { connection } = this;
    const { readLog } = this.options;
    return readLog({
      identity_id: connection.identity.id,
      epoch: connection.epoch,
      conversation_id: conversationId,
      after_seq: position.cursor ?? null,
      limit: position.suspect ? 1 : PAGE,
      max_bytes: Math.max(connection.roomBytes, 1),
      compact: connection.isCompact,
    });
  }

  /** @returns false when there was no room for all of it: the rest stays in the log and does not wait in memory */
  private writePage(position: Position, page: Page): boolean {
    const { connection } = this;
    connection.expectLog(page.log_id);
    // The lease may have run out while the store answered.
    if (!connection.isCurrent) return true;
    if (position.cursor === undefined) position.received = page.after_seq;
    // A page may start later than asked: of a deleted conversation only the last event can be read.
    position.cursor = Math.max(position.cursor ?? 0, page.after_seq);
    for (const event of page.events) {
      if (connection.isAboveHighWater) return false;
      if (event.seq === position.cursor + 1) {
        this.write(position, event, page.traceparents?.[event.seq]);
      }
    }
    return true;
  }
}

function isLastFor(identityId: string, event: Event): boolean {
  if (event.type === 'member.removed') return event.member?.id === identityId;
  return event.type === 'conversation.deleted';
}

/** Live reactions come without the message they are on: who expects it gets it from the log. */
function isWithoutMessage(event: Event): boolean {
  return event.type === 'reaction.set' && event.message === undefined;
}
