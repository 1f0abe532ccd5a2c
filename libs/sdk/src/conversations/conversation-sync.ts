import type { Event } from '@agent-messenger/contracts';
import { contract } from '../contract/contract';
import { ConversationList } from './conversation-list';
import { isTemporary, MessengerError } from '../errors';
import type { RestInput } from '../rest';
import type { Session } from '../session';

/** Times that an answer is asked for again because events overtook it. */
const LOOKS = 3;

/** Keeps a person's list of conversations: a listing after each connect, then events. */
export class ConversationSync {
  readonly list = new ConversationList();
  #listing: Promise<void> | null = null;
  /** The listing that was under way when the connection began: it tells nothing of what happened before that. */
  #earlier: Promise<void> | null = null;
  /** Conversations that are asked for until there is an answer. */
  readonly #missing = new Set<string>();
  #isSynced = false;
  /** What is done with the logs that a listing has told of, as soon as the server has written its backlog. */
  #afterBacklog: (() => void)[] = [];

  constructor(private readonly session: Session) {
    const { events } = session;
    events.on('reset', () => {
      this.list.reset();
      this.#afterBacklog = [];
    });
    events.on('receipt', (receipt) => {
      // Before it is known who this is nothing is listed, and the listing has it.
      if (session.isIdentified) this.list.receipt(receipt, session.identity.id);
    });
    events.on('connected', () => {
      this.#isSynced = false;
      this.#earlier = this.#listing;
      // The backlog of a new device may be long, and its list is not to wait for it.
      if (this.list.syncToken === undefined) void this.refresh();
    });
    events.on('synced', () => {
      this.#isSynced = true;
      for (const work of this.#afterBacklog.splice(0)) work();
      void this.#refreshAfter(this.#earlier);
    });
  }

  async apply(event: Event): Promise<void> {
    if (this.list.apply(event, this.session.identity.id)) return;
    await this.look(event.conversation_id);
  }

  /** Loads one conversation. What fails for now is repeated, and not waited for: nothing else would load it. */
  async look(conversationId: string): Promise<void> {
    try {
      await this.#load(conversationId);
    } catch (error) {
      if (!isTemporary(error)) return this.#failed(error);
      if (this.#missing.has(conversationId)) return;
      this.#missing.add(conversationId);
      void this.session
        .retry(() => this.#load(conversationId))
        .catch((failure: unknown) => this.#failed(failure))
        .finally(() => this.#missing.delete(conversationId));
    }
  }

  async #load(conversationId: string): Promise<void> {
    const { rest, events } = this.session;
    const input = { params: { conversation_id: conversationId }, query: { compact: '1' } } as const;
    for (let looks = 0; looks < LOOKS; looks++) {
      if (this.list.put(await rest.request('getConversation', input))) {
        return events.emit('listed');
      }
    }
  }

  #failed(error: unknown): void {
    const { events, signal } = this.session;
    const isGone = error instanceof MessengerError && error.code === 'not_found';
    if (!isGone && !signal.aborted) events.emit('error', error);
  }

  async #refreshAfter(earlier: Promise<void> | null): Promise<void> {
    await earlier?.catch(() => undefined);
    await this.refresh().catch(() => undefined);
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
    this.#onceSynced(() => {
      for (const id of positions.all().keys()) if (!listed.has(id)) positions.look(id);
    });
  }

  /** After the server's own backlog: what is still ahead of this device then went to another one. */
  #onceSynced(work: () => void): void {
    if (this.#isSynced) work();
    else this.#afterBacklog.push(work);
  }

  /** The next cursor; null also when the listing must start over, and then there is no sync token. */
  async #listPage(cursor: string | null, listed: Set<string>): Promise<string | null> {
    const { rest, positions, events } = this.session;
    const query: RestInput<'listConversations'>['query'] = {
      limit: contract.limits.pageMax,
      compact: '1',
    };
    if (this.list.syncToken !== undefined) query.since = this.list.syncToken;
    if (cursor !== null) query.cursor = cursor;
    try {
      const page = await this.session.retry(() => rest.request('listConversations', { query }));
      // Another log: the page belongs to a listing that began with a token of the old one.
      if (!this.session.noteLog(page.log_id)) return null;
      const overtaken = this.list.addPage(page);
      for (const { id } of page.conversations) listed.add(id);
      this.#onceSynced(() => {
        for (const { id, delivered_seq, last_seq } of page.conversations) {
          positions.follow(id, delivered_seq, last_seq);
        }
        for (const id of page.removed) positions.look(id);
      });
      events.emit('listed');
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
