import type { Event, Message } from '@agent-messenger/contracts';
import { MessengerError } from '../errors';
import type { Session } from '../session';
import { sleep } from '../time';
import { answerIn, type Answer } from './answer';

export interface QuestionsOptions {
  session: Session;
  /** Nothing is waited for any more once it aborts; questions stay, and are found again after the restart. */
  stopping: AbortSignal;
  /** The log is read again after so long without an answer: an event may be held back behind the one at hand. */
  lookEveryMs?: number;
}

const LOOK_EVERY_MS = 30_000;
const REPLIES_KEPT = 1_000;
/** Between the clocks of the gateway, which tells the time, and of the store, which judges. */
const CLOCKS_MS = 1_000;

/** The questions that an agent has asked and that nobody has answered yet. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #heard = new Set<(event: Event) => void>();
  /** Replies that were an answer: no message to be handled besides. */
  readonly #replies = new Set<string>();
  /** The server's clock less ours, ms. */
  #aheadMs = 0;

  constructor(options: QuestionsOptions) {
    this.#options = options;
    const { connection } = options.session;
    // As it arrives: a handler that asks holds up whatever comes after its own message.
    connection.events.on('event', (event) => {
      for (const hear of this.#heard) hear(event);
    });
    connection.events.on('connected', ({ server_time }) => {
      this.#aheadMs = Date.parse(server_time) - Date.now();
    });
  }

  /** By the server's clock. */
  expiryIn(ms: number): string {
    return new Date(Date.now() + this.#aheadMs + ms).toISOString();
  }

  /** Whether the message was the answer to a question; asked once. */
  isReply(messageId: string): boolean {
    return this.#replies.delete(messageId);
  }

  /**
   * The id of the chosen action; null when nobody chose in time, or the question is gone. Rejects with the reason of
   * `signal`, and when the agent or the conversation ends.
   */
  async answer(question: Message, signal: AbortSignal | undefined): Promise<string | null> {
    const { session, stopping } = this.#options;
    const heard: { answer: Answer } = { answer: undefined };
    let awake = new AbortController();
    const wake = () => awake.abort();
    const hear = (event: Event) => {
      heard.answer ??= this.#noted(answerIn(event, question));
      if (heard.answer) wake();
    };
    const stopListening = session.events.on('synced', wake);
    this.#heard.add(hear);
    signal?.addEventListener('abort', wake);
    stopping.addEventListener('abort', wake);
    try {
      for (;;) {
        awake = new AbortController();
        const isExpired = this.#expiresInMs(question) <= 0;
        const read = await this.#look(question);
        const answer = heard.answer ?? this.#noted(read);
        if (answer) return answer.actionId;
        signal?.throwIfAborted();
        if (stopping.aborted) throw new MessengerError('closed', 'the agent was closed');
        if (isExpired) return null;
        const { lookEveryMs = LOOK_EVERY_MS } = this.#options;
        await sleep(Math.min(lookEveryMs, this.#expiresInMs(question)), awake.signal);
      }
    } finally {
      this.#heard.delete(hear);
      stopListening();
      signal?.removeEventListener('abort', wake);
      stopping.removeEventListener('abort', wake);
    }
  }

  #noted(answer: Answer): Answer {
    if (answer?.messageId === undefined) return answer;
    this.#replies.add(answer.messageId);
    if (this.#replies.size > REPLIES_KEPT) {
      const [oldest = ''] = this.#replies;
      this.#replies.delete(oldest);
    }
    return answer;
  }

  /** Reads the log from the question on. */
  async #look(question: Message): Promise<Answer> {
    const { session } = this.#options;
    for (let afterSeq = question.seq - 1; ;) {
      const page = await session.readLog(question.conversation_id, afterSeq);
      for (const event of page.events) {
        if (event.type === 'conversation.deleted') throw gone();
        const answer = answerIn(event, question);
        if (answer) return answer;
      }
      const last = page.events.at(-1);
      if (!page.has_more || !last) return undefined;
      afterSeq = last.seq;
    }
  }

  #expiresInMs({ actions_expire_at }: Message): number {
    if (actions_expire_at === undefined) return Infinity;
    return Date.parse(actions_expire_at) + CLOCKS_MS - (Date.now() + this.#aheadMs);
  }
}

function gone(): MessengerError {
  return new MessengerError('not_found', 'the conversation was deleted');
}
