import { batch, computed, signal } from '@preact/signals';
import {
  BrowserOutbox,
  connectInBrowser,
  createRest,
  newClientId,
  SharedConnection,
  type AgentProfile,
  type BrowserStore,
  type Client,
  type Conversation,
  type Event,
  type Presence,
  type StreamView,
  type Unsent,
} from '@agent-messenger/sdk/browser';
import type { Account, Person } from './account';
import { Changes } from './changes';
import { ConnectionLoop } from './connection-loop';
import { Drafts } from './drafts';
import { OpenThreads } from './open-threads';
import { OwnChanges } from './own-changes';
import { Pace } from './pace';
import { createActivities, createTypists, type Activity } from './live-states';
import { gatewayAddress, placeName } from './place';
import { Push } from './push';
import { Route } from './route';
import { clearNotifications } from './service-worker';
import { storeOf } from './store-of';
import { Streams } from './streams';

/** Of the list that a page without a network shows. */
const CACHED_CONVERSATIONS = 300;
const CACHE_AFTER_MS = 250;
/** A server tells of no more. */
const WATCHED = 200;
/** Of how many conversations, at most, those are looked for. */
const WATCHED_IN = 2_000;

/** What the page knows, kept up to date by its connection; what it shows while there is none. */
export class Messenger {
  readonly conversations = signal<readonly Conversation[]>([]);
  /** The server's list has been read, or one that was kept. */
  readonly isListed = signal(false);
  readonly agents = signal<readonly AgentProfile[]>([]);
  readonly presence = signal<ReadonlyMap<string, Presence['status']>>(new Map());
  readonly unsent = signal<readonly Unsent[]>([]);
  /** Something was sent from this page. */
  readonly hasSent = signal(false);
  readonly unread = computed(() =>
    this.conversations.value.reduce((sum, each) => sum + (each.muted ? 0 : each.unread_count), 0),
  );
  readonly unreadIds = computed(
    () =>
      new Set(this.conversations.value.flatMap((each) => (each.unread_count > 0 ? each.id : []))),
  );
  readonly typists = createTypists();
  readonly activities = createActivities();
  readonly streams = new Streams();
  readonly route = new Route();
  readonly drafts: Drafts;
  readonly threads: OpenThreads;
  readonly loop: ConnectionLoop;
  readonly outbox: BrowserOutbox;
  readonly push: Push;
  readonly changes = new Changes({
    // A change that waits for a network unseen would come as a surprise.
    client: () => (this.loop.state.value === 'online' ? this.client : null),
    onEvent: (event) => this.#apply(event),
    onList: (id) => this.changedOwn(id),
  });
  readonly #ownChanges = new OwnChanges((id) => void this.client?.conversation(id).refresh());
  readonly #store: BrowserStore;
  /** The newest that a connection of this page has fetched. */
  #refreshToken: string | null = null;
  readonly #share = new SharedConnection({
    name: placeName(),
    // The person has said in another tab that this browser is to be used.
    onConnectedElsewhere: () => this.loop.comeBack(),
  });
  /** Null while there is no connection, or none yet. */
  client: Client | null = null;
  #watching: { client: Client | null; ids: string } = { client: null, ids: '' };
  /** Events that came since the last update. */
  #events: Event[] = [];
  readonly #updates = new Pace(() => batch(() => this.#update()));
  #cacheTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly account: Account,
    readonly person: Person,
  ) {
    this.#store = storeOf(account.store, () => account.person.peek() !== person);
    this.push = new Push(this.#store, () => this.client);
    this.drafts = new Drafts(this.#store.cache);
    this.threads = new OpenThreads(this.#store.cache, () => this.client);
    this.outbox = new BrowserOutbox({
      store: this.#store.unsent,
      name: placeName(),
      onChange: (unsent) => (this.unsent.value = unsent),
      // Before it leaves the unsent: a message is never nowhere.
      onSent: ({ message }) => this.threads.put(message),
    });
    this.loop = new ConnectionLoop({
      connect: (signal) => this.#connect(signal),
      onClient: (client) => this.#use(client),
    });
  }

  async start(): Promise<void> {
    const { cache } = this.#store;
    const [kept] = await Promise.all([
      cache.get<Conversation[]>('conversations').catch(() => undefined),
      this.drafts.load(),
    ]);
    if (kept) {
      this.conversations.value = kept;
      this.isListed.value = true;
    }
    this.loop.start();
  }

  /** Also without a connection: then this browser forgets the login, and the server ends it in its time. */
  async signOut(everywhere: boolean): Promise<void> {
    await this.push.turnOff().catch(() => undefined);
    if (this.client) await this.client.logout({ everywhere }).catch(() => undefined);
    else void this.#logOutAlone(everywhere).catch(() => undefined);
    await this.forget();
  }

  /** The person has left by then: what a connection that was on its way has fetched is the login to be ended. */
  async #logOutAlone(everywhere: boolean): Promise<void> {
    const kept = await this.account.refreshToken();
    // Another tab may have spent the one that this page had.
    this.#refreshToken = null;
    await this.loop.stop();
    await this.loop.over;
    const refresh_token = this.#refreshToken ?? kept;
    if (refresh_token === null) return;
    await createRest(gatewayAddress()).request('logout', { body: { refresh_token, everywhere } });
  }

  /** Nothing of the person is kept or shown on this browser from now on. */
  async forget(): Promise<void> {
    await this.close();
    await this.push.turnOff().catch(() => undefined);
    await clearNotifications(new Set());
    await this.account.forget();
  }

  async close(): Promise<void> {
    clearTimeout(this.#cacheTimer);
    this.#updates.stop();
    this.outbox.close();
    this.#ownChanges.close();
    await this.loop.stop();
    this.#share.close();
  }

  async send(conversationId: string, content: string, replyTo?: string): Promise<void> {
    this.hasSent.value = true;
    await this.outbox.add({
      conversation_id: conversationId as Unsent['conversation_id'],
      client_id: newClientId(),
      content,
      ...(replyTo === undefined ? {} : { reply_to: replyTo as NonNullable<Unsent['reply_to']> }),
    });
  }

  async stop(stream: StreamView): Promise<void> {
    // Without a connection nothing is being written that could be stopped.
    await this.client
      ?.conversation(stream.conversation_id)
      .stop(stream)
      .catch(() => undefined);
  }

  conversation(id: string): Conversation | undefined {
    return this.conversations.value.find((each) => each.id === id);
  }

  async loadAgents(): Promise<void> {
    if (this.client) this.agents.value = await this.client.agents();
  }

  refresh(): void {
    this.#updates.due();
  }

  /** How a conversation stands for the person is another now, by what they did here. */
  changedOwn(conversationId: string): void {
    this.refresh();
    this.#ownChanges.tell(conversationId);
  }

  #connect(signal: AbortSignal): Promise<Client> {
    const { fresh } = this.account;
    return connectInBrowser({
      url: gatewayAddress(),
      storage: this.#store.storage,
      ...(fresh ? { tokens: fresh } : {}),
      onTokens: ({ refresh_token }) => (this.#refreshToken = refresh_token),
      signal,
      open: this.#share.open,
      connectTimeoutMs: 20_000,
      isVisible: (id) => this.threads.isVisible(id),
    });
  }

  #use(client: Client | null): void {
    this.client = client;
    this.outbox.use(client);
    client?.on('stream', ({ status }) => {
      // In one paint with the message that takes its place, whose event follows at once.
      if (status === 'over') queueMicrotask(() => this.#updates.now());
    });
    this.streams.use(client);
    if (!client) return;
    client.on('event', (event) => this.#apply(event));
    client.on('receipt', () => this.refresh());
    client.on('listed', () => this.refresh());
    client.on('typing', (typing) => this.typists.hear(typing));
    client.on('activity', (activity) => this.activities.hear(activity as Activity));
    client.on('presence', ({ identity_id, status }) => {
      this.presence.value = new Map(this.presence.value).set(identity_id, status);
    });
    client.on('reset', () => this.threads.reload());
    client.on('connected', () => this.threads.reload());
    // Nothing depends on it, and the connection's state is shown by itself.
    client.on('error', () => undefined);
    this.refresh();
    this.threads.reload();
    void this.loadAgents().catch(() => undefined);
    // The next connection does it.
    void this.push.renew().catch(() => undefined);
  }

  /** Of those that the person talked to last; again when there are others. */
  async #watchPresence(client: Client): Promise<void> {
    const recent = this.conversations.value.slice(0, WATCHED_IN);
    const agents = recent.flatMap(({ members }) => members.filter(isAgent));
    const ids = [...new Set(agents.map(({ id }) => id))].slice(0, WATCHED).sort();
    if (this.#watching.client === client && this.#watching.ids === ids.join()) return;
    this.#watching = { client, ids: ids.join() };
    try {
      const presence = await client.watchPresence(ids);
      const known = presence.map(({ identity_id, status }) => [identity_id, status] as const);
      this.presence.value = new Map([...this.presence.value, ...known]);
    } catch {
      // The next connection watches.
    }
  }

  #apply(event: Event): void {
    this.#events.push(event);
    this.#updates.due();
  }

  /** What has come is seen, and the list is as it is now. */
  #update(): void {
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      this.threads.apply(event);
      if (event.type === 'message.created')
        this.typists.end({ ...event, identity_id: event.actor.id });
    }
    if (!this.client) return;
    this.conversations.value = this.client.conversations();
    this.isListed.value = true;
    void this.#watchPresence(this.client);
    this.#cacheTimer ??= setTimeout(() => this.#cache(), CACHE_AFTER_MS);
  }

  #cache(): void {
    this.#cacheTimer = undefined;
    const kept = this.conversations.value.slice(0, CACHED_CONVERSATIONS);
    // A browser that keeps nothing shows nothing without a network.
    void this.#store.cache.set('conversations', kept).catch(() => undefined);
  }
}

function isAgent({ kind }: Conversation['members'][number]): boolean {
  return kind === 'agent';
}
