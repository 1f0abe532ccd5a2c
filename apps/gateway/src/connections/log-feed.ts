import type { CallResponse, Client, Event, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Limit } from 'p-limit';
import { backoff } from './backoff';
import type { Connection } from './connection';

/** Most events read from the log at a time; fewer when the reader has no room for their content. */
const PAGE = 200;

type Page = CallResponse<typeof messagesCalls, 'readLog'>;

interface Position {
  /** Seq of the last event written to this connection; undefined until the log was read once. */
  cursor: number | undefined;
  /** Something may be in the log that was not written. */
  dirty: boolean;
  reading: boolean;
  /** Resolves when the read under way has left nothing. */
  clean: Promise<void>;
}

interface LogFeedOptions {
  connection: Connection;
  readLog: Client<typeof messagesCalls>['readLog'];
  /** Reads of all connections of this gateway share one bound. */
  limit: Limit;
  log: Logger;
  onWritten(event: Event): void;
  /** Told of a live event that is part of a trace and will be written. */
  onTraced?(event: Event, traceparent: string): void;
}

/**
 * Writes the log's events to one connection, each once and in order per conversation.
 *
 * The cursor rule: an event is written only when `seq = cursor + 1`; at or below, it is a repeat; otherwise, or without
 * a cursor, or above the high-water mark, the conversation is dirty and is read from the log until a page comes back
 * short and nothing arrived meanwhile. Live events are only wake-ups: losing, repeating or reordering them loses nothing.
 */
export class LogFeed {
  /** Events written so far. */
  written = 0;
  private readonly positions = new Map<string, Position>();
  private started = false;

  constructor(private readonly options: LogFeedOptions) {}

  /** Until the start nothing is written: what arrives is only remembered as dirty. Resolves when that is written. */
  async start(): Promise<void> {
    this.started = true;
    await this.markAllDirty();
  }

  /** A live event, or the news that there is one. */
  offer(event: Event, traceparent?: string): void {
    const position = this.positionOf(event.conversation_id);
    if (traceparent !== undefined && event.seq > (position.cursor ?? 0)) {
      this.options.onTraced?.(event, traceparent);
    }
    if (position.cursor !== undefined && !position.reading && !position.dirty) {
      if (event.seq <= position.cursor) return;
      if (event.seq === position.cursor + 1 && !this.options.connection.isAboveHighWater) {
        return this.write(position, event);
      }
    }
    void this.markDirty(event.conversation_id);
  }

  /** Resolves when the conversation has been read until nothing was left. */
  async markDirty(conversationId: string): Promise<void> {
    const position = this.positionOf(conversationId);
    position.dirty = true;
    if (!this.started) return;
    if (!position.reading) {
      position.reading = true;
      position.clean = this.readUntilClean(conversationId, position);
    }
    await position.clean;
  }

  /** Live events may have been missed: every conversation of this connection is compared with the log. */
  async markAllDirty(): Promise<void> {
    await Promise.all(
      [...this.positions.keys()].map((conversationId) => this.markDirty(conversationId)),
    );
  }

  private positionOf(conversationId: string): Position {
    let position = this.positions.get(conversationId);
    if (!position) {
      position = { cursor: undefined, dirty: false, reading: false, clean: Promise.resolve() };
      this.positions.set(conversationId, position);
    }
    return position;
  }

  private write(position: Position, event: Event): void {
    position.cursor = event.seq;
    this.options.connection.send('event', event);
    this.written += 1;
    this.options.onWritten(event);
  }

  private async readUntilClean(conversationId: string, position: Position): Promise<void> {
    const { connection } = this.options;
    try {
      let hasMore = true;
      for (let failures = 0; (position.dirty || hasMore) && connection.isCurrent;) {
        try {
          hasMore = await connection.pages(() => this.passPage(conversationId, position));
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
      position.reading = false;
    }
  }

  /** From the log to the peer. @returns whether there is more */
  private async passPage(conversationId: string, position: Position): Promise<boolean> {
    const { connection, limit } = this.options;
    if (!(await connection.hasRoom())) return false;
    position.dirty = false;
    const page = await limit(() => this.readPage(conversationId, position));
    return !this.writePage(position, page) || page.has_more;
  }

  private isFinal(error: unknown, conversationId: string): boolean {
    const code = error instanceof AppError ? error.code : 'internal';
    if (code === 'replaced') this.options.connection.close('replaced');
    // No member any more: there is nothing for this connection here.
    else if (code === 'not_found') this.positions.delete(conversationId);
    else if (code !== 'unavailable')
      this.options.log.error(
        { err: error, connection_id: this.options.connection.id },
        'reading the log failed',
      );
    return code === 'replaced' || code === 'not_found';
  }

  private readPage(conversationId: string, position: Position): Promise<Page> {
    const { connection, readLog } = this.options;
    return readLog({
      identity_id: connection.identity.id,
      epoch: connection.epoch,
      conversation_id: conversationId,
      after_seq: position.cursor ?? null,
      limit: PAGE,
      max_bytes: Math.max(connection.roomBytes, 1),
    });
  }

  /** @returns false when there was no room for all of it: the rest stays in the log and does not wait in memory */
  private writePage(position: Position, page: Page): boolean {
    const { connection } = this.options;
    connection.expectLog(page.log_id);
    // The lease may have run out while the store answered.
    if (!connection.isCurrent) return true;
    // A page may start later than asked: of a deleted conversation only the last event can be read.
    position.cursor = Math.max(position.cursor ?? 0, page.after_seq);
    for (const event of page.events) {
      if (connection.isAboveHighWater) return false;
      if (event.seq === position.cursor + 1) this.write(position, event);
    }
    return true;
  }
}
