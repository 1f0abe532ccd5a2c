import type { RequestAck, RequestInput, Send } from '@agent-messenger/contracts';
import { checkSize } from './contract/check-size';
import { MessengerError } from './errors';

/** What changes a conversation's log, and may be repeated. */
export type ChangeName =
  | 'message:send'
  | 'message:edit'
  | 'message:delete'
  | 'reaction:set'
  | 'action:choose'
  | 'stream:end'
  | 'stream:fail';

export interface OutboxOptions {
  /** Repeats until there is an answer; rejects when there will be none, or with a refusal. */
  deliver: <N extends ChangeName>(name: N, payload: RequestInput<N>) => Promise<RequestAck<N>>;
  limit: number;
  /** Whether nothing will be delivered any more. */
  isOver: () => boolean;
  /** `unsent` is another one now. */
  onChange: () => void;
}

interface Entry {
  /** Never rejects. */
  carryOut: () => Promise<void>;
}

/**
 * Changes that wait for their ack. One per conversation is under way, so that the log has them in the order in
 * which they were made, whatever is repeated; a repeated send carries the same client_id and doubles nothing.
 */
export class Outbox {
  readonly #queues = new Map<string, Entry[]>();
  readonly #working = new Set<Promise<void>>();
  readonly #unsent = new Set<Send>();
  #size = 0;

  constructor(private readonly options: OutboxOptions) {}

  /** Sends that no server has acked or refused, oldest first; at the end of a session those that it did not get out. */
  get unsent(): Send[] {
    return [...this.#unsent];
  }

  add<N extends ChangeName>(name: N, payload: RequestInput<N>): Promise<RequestAck<N>> {
    try {
      checkSize(payload);
    } catch (error) {
      return Promise.reject(error as MessengerError);
    }
    const { limit } = this.options;
    if (this.#size >= limit) {
      return Promise.reject(
        new MessengerError('outbox_full', `${limit} changes already wait for their ack`),
      );
    }
    this.#size++;
    const send = name === 'message:send' ? (payload as Send) : null;
    if (send) this.#note(() => this.#unsent.add(send));
    return new Promise((resolve, reject) => {
      const carryOut = () =>
        this.#deliver(name, payload, send)
          .then(resolve, reject)
          .finally(() => this.#size--);
      this.#enqueue(payload.conversation_id, { carryOut });
    });
  }

  /** Resolves when everything that waits now has its answer. */
  async idle(): Promise<void> {
    await Promise.all(this.#working);
  }

  #enqueue(conversationId: string, entry: Entry): void {
    const queue = this.#queues.get(conversationId);
    if (queue) return void queue.push(entry);
    const work = this.#work(conversationId, [entry]);
    this.#working.add(work);
    void work.finally(() => this.#working.delete(work));
  }

  async #work(conversationId: string, queue: Entry[]): Promise<void> {
    this.#queues.set(conversationId, queue);
    for (let entry = queue.shift(); entry; entry = queue.shift()) await entry.carryOut();
    this.#queues.delete(conversationId);
  }

  async #deliver<N extends ChangeName>(
    name: N,
    payload: RequestInput<N>,
    send: Send | null,
  ): Promise<RequestAck<N>> {
    try {
      const ack = await this.options.deliver(name, payload);
      if (send) this.#note(() => this.#unsent.delete(send));
      return ack;
    } catch (error) {
      // The end of the session is no answer to the send.
      const replaced = error instanceof MessengerError && error.code === 'replaced';
      if (send && !replaced && !this.options.isOver()) this.#note(() => this.#unsent.delete(send));
      throw error;
    }
  }

  #note(change: () => void): void {
    change();
    this.options.onChange();
  }
}
