/// <reference lib="dom" />
import type { Sent } from '@agent-messenger/contracts';
import type { Client } from '../client';
import { isTemporary, MessengerError, type MessengerErrorCode } from '../errors';
import type { Unsent, UnsentStore } from './browser-store';

export interface BrowserOutboxOptions {
  store: UnsentStore;
  /** Of lock and channel: the same in all tabs that share the store. */
  name: string;
  /** What waits has changed, in this tab or another. Oldest first. */
  onChange: (unsent: Unsent[]) => void;
  /** This tab has sent one. */
  onSent: (sent: Sent) => void;
}

/** After this long a tab takes the lock from whoever has it. */
const LOCK_TIMEOUT_MS = 5_000;

/**
 * The messages that wait for their ack, of all tabs of a browser and across reloads: written down before they are sent,
 * sent in order by whichever tab is connected, one tab at a time. A repeated send carries its `client_id` and doubles
 * nothing.
 */
export class BrowserOutbox {
  readonly #channel: BroadcastChannel;
  #written: readonly Unsent[] = [];
  /** On their way to the disk. */
  readonly #adding = new Set<Unsent>();
  #client: Client | null = null;
  #isDue = false;
  #working: Promise<unknown> | null = null;
  #isClosed = false;

  constructor(private readonly options: BrowserOutboxOptions) {
    this.#channel = new BroadcastChannel(`${options.name}:outbox`);
    this.#channel.onmessage = () => void this.#heard();
    void this.#changed();
  }

  /** From now on what waits goes out through this client; null: it waits. */
  use(client: Client | null): void {
    this.#client = client;
    this.#work();
  }

  /** Resolves once it is written down; `onChange` has it at once. @throws what the store throws; then it is gone */
  async add(send: Omit<Unsent, 'written_at'>): Promise<void> {
    const unsent = { ...send, written_at: new Date().toISOString() };
    this.#adding.add(unsent);
    this.#show();
    try {
      await this.options.store.add(unsent);
    } finally {
      this.#adding.delete(unsent);
      await this.#tell();
    }
    this.#work();
  }

  /** One that was refused, once more. */
  async retry({ refused: _refused, ...send }: Unsent): Promise<void> {
    await this.options.store.update(send);
    await this.#tell();
    this.#work();
  }

  async discard(clientId: string): Promise<void> {
    await this.options.store.remove(clientId);
    await this.#tell();
  }

  /** What is added later is written down, for another page. */
  close(): void {
    this.#isClosed = true;
    this.#client = null;
    this.#channel.close();
  }

  #work(): void {
    this.#isDue = true;
    if (this.#working) return;
    this.#working = this.#sendWithLock().finally(() => {
      this.#working = null;
      if (this.#isDue && this.#client) this.#work();
    });
  }

  /**
   * A tab that is frozen keeps the lock: it is stolen then. From one that is only slow, too: what both send doubles
   * nothing and keeps its order, since each sends the oldest of all until it is acked.
   */
  async #sendWithLock(): Promise<void> {
    this.#isDue = false;
    const turn = new AbortController();
    let sending: Promise<void> | undefined;
    const lock = (how: LockOptions) =>
      navigator.locks.request(`${this.options.name}:outbox`, how, () => {
        // The store does not answer, as when another tab deletes it: what waits is in it, and is tried when there is
        // reason to.
        sending = this.#sendAll(turn.signal).catch(() => undefined);
        return sending;
      });
    try {
      await lock({ signal: AbortSignal.timeout(LOCK_TIMEOUT_MS) }).catch((error: unknown) => {
        if (sending || !this.#client) throw error;
        return lock({ steal: true });
      });
    } catch {
      if (!sending) return;
      // Stolen from this tab: what is on its way is the last that it sends until it has the lock again.
      turn.abort();
      this.#isDue = true;
      await sending;
    }
  }

  async #sendAll(turn: AbortSignal): Promise<void> {
    for (;;) {
      const client = this.#client;
      const next = (await this.options.store.all()).find(({ refused }) => refused === undefined);
      if (!client || !next || turn.aborted) return;
      try {
        const sent = await send(client, next);
        this.options.onSent(sent);
        await this.options.store.remove(next.client_id);
      } catch (error) {
        // The end of this client is no answer to the send.
        if (!isRefusal(error)) return;
        await this.options.store.update({ ...next, refused: (error as Error).message });
      }
      await this.#tell();
    }
  }

  async #tell(): Promise<void> {
    if (this.#isClosed) return;
    this.#channel.postMessage('changed');
    await this.#changed();
  }

  /** The tab that has written it down may be gone before it is connected. */
  async #heard(): Promise<void> {
    await this.#changed();
    if (this.#client && this.#written.some(({ refused }) => refused === undefined)) this.#work();
  }

  async #changed(): Promise<void> {
    try {
      this.#written = await this.options.store.all();
    } catch {
      // What it had last is shown until it answers again; whoever writes to it hears of the failure.
    }
    this.#show();
  }

  #show(): void {
    const written = new Set(this.#written.map(({ client_id }) => client_id));
    const adding = [...this.#adding].filter(({ client_id }) => !written.has(client_id));
    this.options.onChange([...this.#written, ...adding]);
  }
}

function send(client: Client, unsent: Unsent): Promise<Sent> {
  const { conversation_id, content, client_id, metadata, reply_to } = unsent;
  return client.conversation(conversation_id).send(content, {
    client_id,
    ...(metadata === undefined ? {} : { metadata }),
    ...(reply_to === undefined ? {} : { reply_to }),
  });
}

/** Of this client's end: another one may get it out. */
const NO_ANSWER: ReadonlySet<MessengerErrorCode> = new Set([
  'closed',
  'replaced',
  'outbox_full',
  'unauthorized',
  'revoked',
]);

function isRefusal(error: unknown): boolean {
  if (!(error instanceof MessengerError)) return false;
  const { code } = error;
  return !isTemporary(error) && !NO_ANSWER.has(code);
}
