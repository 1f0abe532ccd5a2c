import {
  LIMITS,
  type Actor,
  type Agent as AgentProfile,
  type Conversation,
  type Event,
  type Presence,
  type RequestAck,
  type RequestInput,
  type RequestName,
} from '@agent-messenger/contracts';
import { ConversationHandle } from './conversation-handle';
import { ConversationList } from './conversation-list';
import { isTemporary, MessengerError } from './errors';
import { Gate } from './gate';
import { asId, newClientId } from './ids';
import { PersonTokens, type PersonCredentials } from './person-credentials';
import type { Rest } from './rest';
import { Session, type MessengerEvents, type SessionOptions } from './session';
import { backoffMs, defaultBackoff, sleep } from './time';

export type ClientOptions = SessionOptions & PersonCredentials;
export type ClientEvents = Omit<MessengerEvents, 'handlerError'>;

export interface OpenConversation {
  agent_id: string;
  title?: string;
  /** Idempotency key; made up when absent. */
  client_id?: string;
}

const LIST_PAGE = LIMITS.pageMax;

/** Logs in, connects and lists. Wrong credentials and an unreachable server reject at once. */
export async function connectClient(options: ClientOptions): Promise<Client> {
  const client = new Client(options);
  try {
    await client.start();
    return client;
  } catch (error) {
    await client.close({ deadlineMs: 0 });
    throw error;
  }
}

/** A person's connection. Events wait until there is a listener for `event` or `message`. */
export class Client {
  readonly #session: Session;
  readonly #tokens: PersonTokens;
  readonly #list = new ConversationList();
  readonly #listened = new Gate();
  #listing: Promise<void> | null = null;
  #watched: RequestInput<'presence:watch'> | null = null;

  constructor(options: ClientOptions) {
    this.#tokens = new PersonTokens(options);
    this.#session = new Session(options, {
      namespace: '/client',
      fetchToken: (rest) => this.#tokens.fetch(rest),
      deliver: (event) => this.#deliver(event),
    });
    if (options.tokens) this.#session.tokens.keep(options.tokens);
    const { events } = this.#session;
    events.on('reset', () => this.#list.reset());
    events.on('receipt', (receipt) => this.#list.receipt(receipt, this.identity.id));
    events.on('connected', () => void this.#watchAgain());
    // After the server's own backlog: what is still ahead of this device then went to another one.
    events.on('synced', () => void this.#refresh());
  }

  /** Use `connectClient`. */
  async start(): Promise<void> {
    await this.#session.tokens.current();
    const listed = new Promise<void>((resolve, reject) => {
      const stop = this.#session.events.on('synced', () => {
        stop();
        this.#refresh().then(resolve, reject);
      });
      this.#session.events.on('ended', reject);
    });
    await Promise.all([this.#session.start(), listed]);
  }

  get identity(): Actor {
    return this.#session.identity;
  }

  get rest(): Rest {
    return this.#session.rest;
  }

  /** Returns the function that removes the listener. */
  on<K extends keyof ClientEvents>(name: K, listener: ClientEvents[K]): () => void {
    const remove = this.#session.events.on(name, listener as MessengerEvents[K]);
    if (name === 'event' || name === 'message') this.#listened.open();
    return remove;
  }

  /** One request of the contract, tried once. */
  request<N extends RequestName>(name: N, payload: RequestInput<N>): Promise<RequestAck<N>> {
    return this.#session.request(name, payload);
  }

  async agents(): Promise<AgentProfile[]> {
    const agents: AgentProfile[] = [];
    let cursor: string | null = null;
    do {
      const query: { limit: number; cursor?: string } = { limit: LIST_PAGE };
      if (cursor !== null) query.cursor = cursor;
      const page = await this.rest.request('listAgents', { query });
      agents.push(...page.agents);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return agents;
  }

  /** Kept up to date; most recently active first. */
  conversations(): Conversation[] {
    return this.#list.all();
  }

  conversation(id: string): ClientConversation {
    return new ClientConversation(id, this.#session, this.#list);
  }

  async openConversation(options: OpenConversation): Promise<ClientConversation> {
    const { agent_id, title, client_id = newClientId() } = options;
    const conversation = await this.rest.request('createConversation', {
      body: {
        agent_id: asId<'agt'>(agent_id),
        client_id,
        ...(title === undefined ? {} : { title }),
      },
    });
    this.#list.put(conversation);
    return this.conversation(conversation.id);
  }

  /** Replaces the set of the watched; it is watched again after a reconnect. Changes come as `presence`. */
  async watchPresence(identities: readonly string[]): Promise<Presence[]> {
    this.#watched = {
      identities: identities.map(
        (id) => id as RequestInput<'presence:watch'>['identities'][number],
      ),
    };
    const { presence } = await this.request('presence:watch', this.#watched);
    return presence;
  }

  /** Ends the login itself, not only this connection. */
  async logout(): Promise<void> {
    const refresh_token = this.#tokens.refreshToken;
    if (refresh_token !== null) await this.rest.request('logout', { body: { refresh_token } });
    await this.close();
  }

  /** Waits for the acks of what was sent, at most `deadlineMs` (default 5 s). */
  async close({ deadlineMs = 5_000 }: { deadlineMs?: number } = {}): Promise<void> {
    await this.#session.close(deadlineMs);
  }

  async #deliver(event: Event): Promise<void> {
    await this.#listened.opened;
    if (!this.#list.apply(event, this.identity.id)) await this.#look(event.conversation_id);
    const { events } = this.#session;
    events.emit('event', event);
    if (event.type === 'message.created') events.emit('message', event.message, event);
  }

  /** Loads a conversation that began elsewhere; without it the list is incomplete until the next listing. */
  async #look(conversationId: string): Promise<void> {
    try {
      const params = { conversation_id: conversationId };
      this.#list.put(await this.rest.request('getConversation', { params }));
    } catch (error) {
      const gone = error instanceof MessengerError && error.code === 'not_found';
      if (!gone) this.#session.events.emit('error', error);
    }
  }

  #refresh(): Promise<void> {
    this.#listing ??= this.#listAll()
      .catch((error: unknown) => {
        if (!this.#session.signal.aborted) this.#session.events.emit('error', error);
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
    const { positions, signal } = this.#session;
    let cursor: string | null = null;
    let failures = 0;
    do {
      const query: { limit: number; since?: string; cursor?: string } = { limit: LIST_PAGE };
      if (this.#list.syncToken !== undefined) query.since = this.#list.syncToken;
      if (cursor !== null) query.cursor = cursor;
      try {
        const page = await this.rest.request('listConversations', { query });
        // Another log: the page belongs to a listing that began with a token of the old one.
        if (!this.#session.noteLog(page.log_id)) {
          cursor = null;
          continue;
        }
        this.#list.addPage(page);
        for (const { id, delivered_seq, last_seq } of page.conversations) {
          positions.follow(id, delivered_seq, last_seq);
        }
        cursor = page.next_cursor;
        failures = 0;
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof MessengerError && error.code === 'sync_token_expired') {
          this.#list.reset();
          cursor = null;
        } else if (isTemporary(error)) {
          await sleep(error.retryAfterMs ?? backoffMs(defaultBackoff, failures++), signal);
        } else throw error;
      }
    } while (cursor !== null || this.#list.syncToken === undefined);
  }

  async #watchAgain(): Promise<void> {
    if (!this.#watched) return;
    try {
      const { presence } = await this.request('presence:watch', this.#watched);
      for (const each of presence) this.#session.events.emit('presence', each);
    } catch (error) {
      // Lost again: the next connection watches.
      if (!isTemporary(error)) this.#session.events.emit('error', error);
    }
  }
}

/** A conversation of a person, with its entry in the list. */
export class ClientConversation extends ConversationHandle {
  readonly #list: ConversationList;

  constructor(id: string, session: Session, list: ConversationList) {
    super(id, session);
    this.#list = list;
  }

  /** As far as the list knows it. */
  get state(): Conversation | undefined {
    return this.#list.get(this.id);
  }

  override async read(seq: number): Promise<void> {
    await super.read(seq);
    this.#list.read(this.id, seq);
  }
}
