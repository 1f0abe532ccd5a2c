import type {
  Actor,
  Agent as AgentProfile,
  Conversation,
  Event,
  Presence,
  RequestAck,
  RequestInput,
  RequestName,
  Send,
} from '@agent-messenger/contracts';
import { listAgents } from './agent-list';
import type {
  ClientEvents,
  ClientOptions,
  ConversationUpdate,
  OpenConversation,
  PasswordChange,
} from './client-options';
import { ClientConversation } from './conversations/client-conversation';
import { ConversationSync } from './conversations/conversation-sync';
import { MessengerError } from './errors';
import { Gate } from './gate';
import { asId, newClientId } from './ids';
import type { MessengerEvents } from './messenger-events';
import { PersonTokens } from './login/person-credentials';
import { PresenceWatch } from './presence-watch';
import type { Rest } from './rest';
import { Session } from './session';
import { readStreams } from './streams/read-streams';
import type { StreamReader, StreamView } from './streams/stream-reader';
import { within } from './time';
import { openerOf } from './connection/transport';
import type { OpenWire } from './connection/wire';

/**
 * Logs in, connects and lists, within `connectTimeoutMs` or else `timeout`. Wrong credentials and an unreachable
 * server reject at once.
 */
export function connectClient(options: ClientOptions): Promise<Client> {
  return startClient(options, openerOf(options));
}

/** As `connectClient`, over connections that the caller opens; rejects with `closed` when `signal` aborts before. */
export async function startClient(
  options: ClientOptions,
  open: OpenWire,
  signal?: AbortSignal,
): Promise<Client> {
  const client = new Client(options, open);
  const abort = () => void client.close({ deadlineMs: 0 });
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    await client.start();
    return client;
  } catch (error) {
    await client.close({ deadlineMs: 0 });
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** A person's connection. Events wait until there is a listener for `event` or `message`. */
export class Client {
  readonly #session: Session;
  readonly #tokens: PersonTokens;
  readonly #sync: ConversationSync;
  readonly #reader: StreamReader;
  readonly #presence: PresenceWatch;
  readonly #listened = new Gate();

  constructor(options: ClientOptions, open: OpenWire) {
    this.#tokens = new PersonTokens(options, options.storage);
    this.#session = new Session(options, {
      open,
      namespace: '/client',
      fetchToken: (rest) => this.#tokens.fetch(rest),
      deliver: (event) => this.#deliver(event),
      storage: options.storage,
      isVisible: options.isVisible,
    });
    if (options.tokens) this.#session.tokens.keep(options.tokens);
    this.#sync = new ConversationSync(this.#session);
    this.#reader = readStreams(this.#session);
    this.#presence = new PresenceWatch(this.#session);
    this.#session.events.on('replaced', () => this.#tokens.replaced());
  }

  /** Use `connectClient`. */
  async start(): Promise<void> {
    const { connectTimeoutMs, connection } = this.#session;
    await within(this.#logInAndList(), connectTimeoutMs, () => {
      const cause = connection.lastError ?? undefined;
      return new MessengerError('timeout', 'not connected and listed in time', { cause });
    });
    this.#session.resend();
  }

  get identity(): Actor {
    return this.#session.identity;
  }

  get rest(): Rest {
    return this.#session.rest;
  }

  /** The log that all positions belong to; copies that were made of another one are to be loaded again. */
  get logId(): string | null {
    return this.#session.logId;
  }

  /** Messages that wait for their ack, oldest first. */
  unsent(): Send[] {
    return this.#session.outbox.unsent;
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

  agents(): Promise<AgentProfile[]> {
    return listAgents(this.rest);
  }

  /** Kept up to date; the one with the newest message first. */
  conversations(): Conversation[] {
    return this.#sync.list.all();
  }

  /** Answers that are being written, oldest first; `stream` tells of each change. */
  streams(conversationId?: string): StreamView[] {
    return this.#reader.streams(conversationId);
  }

  conversation(id: string): ClientConversation {
    return new ClientConversation(id, this.#session, this.#sync);
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
    this.#sync.list.put(conversation);
    return this.conversation(conversation.id);
  }

  /** Repeats until there is an answer. */
  async updateConversation(id: string, update: ConversationUpdate): Promise<Conversation> {
    const input = { params: { conversation_id: id }, body: update };
    const conversation = await this.#session.retry(() =>
      this.rest.request('updateConversation', input),
    );
    if (!this.#sync.list.put(conversation)) await this.#sync.look(id);
    return conversation;
  }

  /** For everybody in it. Repeats until there is an answer. */
  async deleteConversation(id: string): Promise<void> {
    const params = { conversation_id: id };
    await this.#session.retry(async (attempt) => {
      try {
        await this.rest.request('deleteConversation', { params });
      } catch (error) {
        // An earlier try was carried out, and its answer lost.
        const isGone = error instanceof MessengerError && error.code === 'not_found';
        if (!isGone || attempt === 0) throw error;
      }
    });
    this.#sync.list.remove(id);
  }

  /**
   * Replaces the set of the watched; it is watched again after a reconnect. Changes come as `presence`. Repeats until
   * there is an answer.
   */
  watchPresence(identities: readonly string[]): Promise<Presence[]> {
    return this.#presence.watch(identities);
  }

  /**
   * Ends the login itself, not only this connection; `everywhere`: those of all devices, which get no pushes any more.
   */
  async logout({ everywhere = false }: { everywhere?: boolean } = {}): Promise<void> {
    await this.#tokens.logOut(this.rest, everywhere);
    await this.close();
  }

  /** Ends all other logins; this one goes on. Tried once: `unauthorized` when the present password is another one. */
  async changePassword(change: PasswordChange): Promise<void> {
    await this.rest.request('changePassword', { body: change });
    this.#tokens.passwordChanged(change.new_password);
  }

  /** The person, its conversations and its name, for good; then this connection. Tried once. */
  async deleteAccount(password: string): Promise<void> {
    await this.rest.request('deleteAccount', { body: { password } });
    await this.close({ deadlineMs: 0 });
  }

  /** Waits for the acks of what was sent, at most `deadlineMs` (default 5 s). */
  async close({ deadlineMs = 5_000 }: { deadlineMs?: number } = {}): Promise<void> {
    await this.#session.close(deadlineMs);
  }

  async #logInAndList(): Promise<void> {
    await this.#tokens.keepGiven();
    await this.#session.tokens.current();
    const listed = new Promise<void>((resolve, reject) => {
      const stop = this.#session.events.on('connected', () => {
        stop();
        this.#sync.refresh().then(resolve, reject);
      });
      this.#session.events.on('ended', reject);
    });
    await Promise.all([this.#session.start(), listed]);
  }

  async #deliver(event: Event): Promise<void> {
    await this.#listened.opened;
    await this.#sync.apply(event);
    const { events } = this.#session;
    events.emit('event', event);
    if (event.type === 'message.created') events.emit('message', event.message, event);
  }
}
