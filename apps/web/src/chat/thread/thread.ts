import { batch, signal } from '@preact/signals';
import {
  isTemporary,
  MessengerError,
  newerOf,
  reactedTo,
  type Cache,
  type Client,
  type Event,
  type HistoryOptions,
  type Message,
  type MessagePage,
} from '@agent-messenger/sdk/browser';
import { Pause } from '../session/pause';

const PAGE = 50;
/** Messages in memory: many more than can be seen. */
const MOST = 1_000;
/** How many there may be before some go. */
const MOST_AND_A_PAGE = MOST + 2 * PAGE;
const CACHE_AFTER_MS = 100;
const LONGEST_PAUSE_MS = 8_000;

/** A part of the messages of one conversation: the newest at first, others as they are asked for. */
export class Thread {
  /** By `seq`, without gaps from the first of them to the last. */
  readonly messages = signal<readonly Message[]>([]);
  readonly hasOlder = signal(false);
  /** The last of them is not the newest of the conversation. */
  readonly hasNewer = signal(false);
  /** Nothing is known yet, not even a copy of earlier. */
  readonly isLoading = signal(true);
  /** It cannot be read: deleted, or left. */
  readonly isGone = signal(false);
  #loading: Promise<void> | null = null;
  readonly #pause = new Pause();
  #older: Promise<void> | null = null;
  #newer: Promise<void> | null = null;
  /** Events that came while pages were read, which may be ahead of them; a list for each reading. */
  readonly #meanwhile = new Set<Event[]>();
  #cacheTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    private readonly cache: Cache,
    private readonly client: () => Client | null,
  ) {}

  /** The newest page, from the server when there is one, else from this browser. */
  load(): Promise<void> {
    // A new connection may have what the one before it had not.
    this.#pause.end();
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** The page before the oldest. */
  loadOlder(): Promise<void> {
    this.#older ??= this.#loadOlder().finally(() => (this.#older = null));
    return this.#older;
  }

  /** The page after the last, while there is one. */
  loadNewer(): Promise<void> {
    this.#newer ??= this.#loadNewer().finally(() => (this.#newer = null));
    return this.#newer;
  }

  /** The end of the conversation, in place of what is far before it. */
  async toNewest(): Promise<void> {
    if (!this.hasNewer.value) return;
    // The button asks again.
    await this.#read({ limit: PAGE }, (page) => this.#take(page, true)).catch(() => undefined);
  }

  /** When there are too many, those go that are farthest from this one; scrolling brings them back. */
  keepNear(seq: number): void {
    const { value } = this.messages;
    if (value.length <= MOST_AND_A_PAGE) return;
    const middle = placeOf(value, seq) - MOST / 2;
    const from = Math.max(0, Math.min(middle, value.length - MOST));
    batch(() => {
      this.messages.value = value.slice(from, from + MOST);
      if (from > 0) this.hasOlder.value = true;
      if (from + MOST < value.length) this.hasNewer.value = true;
    });
  }

  apply(event: Event): void {
    for (const events of this.#meanwhile) events.push(event);
    if (event.type === 'conversation.deleted') this.isGone.value = true;
    if ('message' in event && event.message) this.put(event.message);
    else if (event.type === 'reaction.set') {
      const known = this.messages.value.find(({ id }) => id === event.reaction.message_id);
      if (known) this.put(reactedTo(known, event));
    }
  }

  /** A copy of a message, unless a newer one is here, or its place is on a page that is not. */
  put(message: Message): void {
    const { value } = this.messages;
    const index = placeOf(value, message.seq);
    const known = value[index];
    if (known?.seq === message.seq) {
      const newer = newerOf(known, message);
      if (newer !== known) this.messages.value = value.with(index, newer);
    } else {
      const isBefore = index === 0 && value.length > 0;
      if (isBefore && this.hasOlder.value) return;
      if (index === value.length && this.hasNewer.value) return;
      this.messages.value = value.toSpliced(index, 0, message);
    }
    this.#cacheTimer ??= setTimeout(() => void this.#keep(), CACHE_AFTER_MS);
  }

  async #load(): Promise<void> {
    if (this.isLoading.value) await this.#loadKept();
    // Nothing else loads it while the connection stands. Without one the next one does.
    for (let failures = 0; this.client(); failures++) {
      try {
        return await this.#read({ limit: PAGE }, (page) => this.#take(page));
      } catch (error) {
        if (!isTemporary(error)) return this.#failed(error);
        const pauseMs = error.retryAfterMs ?? Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures);
        await this.#pause.wait(pauseMs);
      }
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof MessengerError) || error.code !== 'not_found') return;
    this.isGone.value = true;
    this.isLoading.value = false;
  }

  async #read(which: HistoryOptions, take: (page: MessagePage) => void): Promise<void> {
    const client = this.client();
    if (!client) return;
    const meanwhile: Event[] = [];
    this.#meanwhile.add(meanwhile);
    try {
      const page = await client.conversation(this.id).history(which);
      batch(() => {
        take(page);
        this.#meanwhile.delete(meanwhile);
        for (const event of meanwhile) this.apply(event);
      });
    } finally {
      this.#meanwhile.delete(meanwhile);
    }
  }

  async #loadKept(): Promise<void> {
    const kept = await this.cache.get<Message[]>(this.#cacheKey).catch(() => undefined);
    if (!kept?.length || !this.isLoading.value) return;
    batch(() => {
      this.messages.value = kept;
      this.hasOlder.value = (kept[0]?.seq ?? 1) > 2;
      this.isLoading.value = false;
    });
  }

  /**
   * The newest page. What is here stays when the page joins it; with a gap between them the page is all there is, but
   * for somebody who reads far before it, and did not ask for it.
   */
  #take({ messages: page, has_more }: MessagePage, isWanted = false): void {
    const first = page[0]?.seq ?? 0;
    const joins = this.messages.value.some(({ seq }) => seq >= first) || !has_more;
    if (joins && !this.isLoading.value) {
      this.hasNewer.value = false;
      // Messages between two pages that are not on the newer one have never been.
      for (const message of page) this.put(message);
      if (!has_more) this.hasOlder.value = false;
    } else if (isWanted || !this.hasNewer.value) {
      this.messages.value = page;
      this.hasOlder.value = has_more;
      this.hasNewer.value = false;
    }
    this.isLoading.value = false;
    void this.#keep();
  }

  async #loadOlder(): Promise<void> {
    const oldest = this.messages.value[0];
    if (!oldest || !this.hasOlder.value) return;
    try {
      await this.#read({ before_seq: oldest.seq, limit: PAGE * 2 }, (page) => {
        if (this.messages.value[0]?.seq !== oldest.seq) return;
        this.messages.value = [...page.messages, ...this.messages.value];
        this.hasOlder.value = page.has_more;
      });
    } catch (error) {
      // Scrolling asks again.
      if (!isTemporary(error)) this.hasOlder.value = false;
    }
  }

  async #loadNewer(): Promise<void> {
    const newest = this.messages.value.at(-1);
    if (!newest || !this.hasNewer.value) return;
    // Scrolling asks again.
    await this.#read({ after_seq: newest.seq, limit: PAGE * 2 }, (page) => {
      if (this.messages.value.at(-1)?.seq !== newest.seq) return;
      this.messages.value = [...this.messages.value, ...page.messages];
      this.hasNewer.value = page.has_more;
    }).catch(() => undefined);
  }

  get #cacheKey(): string {
    return `thread ${this.id}`;
  }

  async #keep(): Promise<void> {
    this.#cacheTimer = undefined;
    // What is kept is where the next visit begins.
    if (this.hasNewer.value) return;
    // A browser that keeps nothing shows nothing without a network.
    await this.cache.set(this.#cacheKey, this.messages.value.slice(-PAGE)).catch(() => undefined);
  }
}

/** Where a message of this `seq` is, or belongs. Most belong at the end. */
function placeOf(messages: readonly Message[], seq: number): number {
  let low = 0;
  let high = messages.length;
  if ((messages[high - 1]?.seq ?? 0) < seq) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (messages[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
