import { sendSchema, type Send, type Sent } from '@agent-messenger/contracts';
import { MessengerError } from './errors';

interface Entry {
  send: Send;
  resolve: (sent: Sent) => void;
  reject: (error: unknown) => void;
}

/**
 * Sends that wait for their ack. One per conversation is under way, so that the log has them in the order in
 * which they were made, whatever is repeated; a repetition carries the same client_id and doubles nothing.
 */
export class Outbox {
  readonly #queues = new Map<string, Entry[]>();
  readonly #working = new Set<Promise<void>>();
  #size = 0;

  constructor(
    /** Repeats until there is an answer; rejects when there will be none, or with a refusal. */
    private readonly deliver: (send: Send) => Promise<Sent>,
    private readonly limit: number,
  ) {}

  send(send: Send): Promise<Sent> {
    // A frame beyond the server's bound would close every connection that it is repeated on.
    const problem = sendSchema.safeParse(send).error?.issues[0];
    if (problem) {
      const where = problem.path.join('.');
      return Promise.reject(new MessengerError('invalid_payload', `${where}: ${problem.message}`));
    }
    if (this.#size >= this.limit) {
      return Promise.reject(
        new MessengerError('outbox_full', `${this.limit} messages already wait for their ack`),
      );
    }
    this.#size++;
    return new Promise((resolve, reject) => {
      const entry = { send, resolve, reject };
      const queue = this.#queues.get(send.conversation_id);
      if (queue) return void queue.push(entry);
      const work = this.#work(send.conversation_id, [entry]);
      this.#working.add(work);
      void work.finally(() => this.#working.delete(work));
    });
  }

  /** Resolves when everything that waits now has its answer. */
  async idle(): Promise<void> {
    await Promise.all(this.#working);
  }

  async #work(conversationId: string, queue: Entry[]): Promise<void> {
    this.#queues.set(conversationId, queue);
    for (let entry = queue.shift(); entry; entry = queue.shift()) {
      await this.deliver(entry.send).then(entry.resolve, entry.reject);
      this.#size--;
    }
    this.#queues.delete(conversationId);
  }
}
