import { LIMITS, type Event } from '@agent-messenger/contracts';
import { ConversationList } from './conversation-list';
import { MessengerError } from './errors';
import type { Session } from './session';

/** Times that an answer is asked for again because events overtook it. */
const LOOKS = 3;

/** Keeps a person's list of conversations: a listing after each connect, then events. */
export class ConversationSync {
  readonly list = new ConversationList();
  #listing: Promise<void> | null = null;

  constructor(private readonly session: Session) {
    const { events } = session;
    events.on('reset', () => this.list.reset());
    events.on('receipt', (receipt) => this.list.receipt(receipt, session.identity.id));
    // After the server's own backlog: what is still ahead of this device then went to another one.
    events.on('synced', () => void this.refresh());
  }

  async apply(event: Event): Promise<void> {
    if (this.list.apply(event, this.session.identity.id)) return;
    await this.look(event.conversation_id);
  }

  /** Loads one conversation; without an answer the list is incomplete until the next listing. */
  async look(conversationId: string): Promise<void> {
    const { rest, events, signal } = this.session;
    const params = { conversation_id: conversationId };
    try {
      for (let looks = 0; looks < LOOKS; looks++) {
        if (this.list.put(await rest.request('getConversation', { params }))) return;
      }
    } catch (error) {
      const isGone = error instanceof MessengerError && error.code === 'not_found';
      if (!isGone && !signal.aborted) events.emit('error', error);
    }
  }

  /** One at a time; who comes while one is under way waits for that one. */
  refresh(): Promise<void> {
    this.#listing ??= this.#listAll()
      .catch((error: unknown) => {
        if (!this.session.signal.aborted) this.session.events.emit('error', error);
        throw error;
      })
      .finally(() => {
        this.#listing = null;
      });
    // Whoever waits for it hears of its failure; otherwise `error` was enough.
    this.#listing.catch(() => undefined);
    return this.#listing;
  }

  /** Lists what changed since the last time and follows the logs that are ahead of this device. */
  async #listAll(): Promise<void> {
    const listed = new Set<string>();
    const isWhole = this.list.syncToken === undefined;
    let cursor: string | null = null;
    do {
      cursor = await this.#listPage(cursor, listed);
    } while (cursor !== null || this.list.syncToken === undefined);
    if (!isWhole) return;
    // What this device knows and a whole listing does not name has ended: its log tells how.
    const { positions } = this.session;
    for (const id of positions.all().keys()) if (!listed.has(id)) positions.look(id);
  }

  /** The next cursor; null also when the listing must start over, and then there is no sync token. */
  async #listPage(cursor: string | null, listed: Set<string>): Promise<string | null> {
    const { rest, positions } = this.session;
    const query: { limit: number; since?: string; cursor?: string } = { limit: LIMITS.pageMax };
    if (this.list.syncToken !== undefined) query.since = this.list.syncToken;
    if (cursor !== null) query.cursor = cursor;
    try {
      const page = await this.session.retry(() => rest.request('listConversations', { query }));
      // Another log: the page belongs to a listing that began with a token of the old one.
      if (!this.session.noteLog(page.log_id)) return null;
      const overtaken = this.list.addPage(page);
      for (const { id, delivered_seq, last_seq } of page.conversations) {
        listed.add(id);
        positions.follow(id, delivered_seq, last_seq);
      }
      for (const id of page.removed) positions.look(id);
      await Promise.all(overtaken.map((id) => this.look(id)));
      return page.next_cursor;
    } catch (error) {
      const isExpired = error instanceof MessengerError && error.code === 'sync_token_expired';
      if (!isExpired) throw error;
      this.list.reset();
      return null;
    }
  }
}
