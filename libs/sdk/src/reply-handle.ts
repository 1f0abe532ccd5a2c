import type { Message, RequestAck, RequestInput, Sent } from '@agent-messenger/contracts';
import { ConversationHandle, type SendOptions } from './conversation-handle';
import { MessengerError } from './errors';
import type { ChangeName } from './outbox';
import type { Session } from './session';
import { WatchedPromise } from './watched-promise';

interface Noted {
  answer: Promise<unknown>;
  /** What the handler got. */
  given: WatchedPromise<unknown>;
}

/**
 * The conversation as one run of a handler sees it. Its n-th send carries a client_id that follows from the
 * incoming message: a run that is repeated, after a crash for example, doubles nothing that was sent before.
 */
export class ReplyHandle extends ConversationHandle {
  readonly #session: Session;
  readonly #changes: Noted[] = [];
  #sends = 0;

  constructor(
    session: Session,
    private readonly incoming: Message,
  ) {
    super(incoming.conversation_id, session);
    this.#session = session;
  }

  override send(content: string, options: SendOptions = {}): Promise<Sent> {
    this.#sends++;
    if (options.client_id !== undefined) return super.send(content, options);
    const client_id = `${this.incoming.id}:${this.#sends}`;
    return this.#noted(
      super
        .send(content, { ...options, client_id })
        .catch((error: unknown) => this.#alreadySent(error)),
    );
  }

  /**
   * When all changes of the run have their answers, awaited by the handler or not. Rejects with the first refusal
   * that nobody awaited: it would be lost.
   */
  async settled(): Promise<void> {
    const lost: unknown[] = [];
    // A change that something in the background makes meanwhile is waited for as well.
    for (const { answer, given } of this.#changes) {
      await answer.catch((error: unknown) => {
        if (!given.isWatched) lost.push(error);
      });
    }
    if (lost.length > 0) throw lost[0];
  }

  protected override change<N extends ChangeName>(
    name: N,
    payload: RequestInput<N>,
  ): Promise<RequestAck<N>> {
    return this.#noted(super.change(name, payload));
  }

  #noted<T>(answer: Promise<T>): Promise<T> {
    const given = WatchedPromise.of(answer);
    this.#changes.push({ answer, given });
    return given;
  }

  /** An earlier run sent something else as its n-th message (a model rarely says the same twice): that one counts. */
  async #alreadySent(error: unknown): Promise<Sent> {
    const earlier = error instanceof MessengerError && error.code === 'conflict' && error.messageId;
    if (!earlier) throw error;
    let afterSeq = this.incoming.seq;
    for (;;) {
      const page = await this.#session.readLog(this.id, afterSeq);
      const found = page.events.find(
        (event) => event.type === 'message.created' && event.message.id === earlier,
      );
      if (found?.type === 'message.created') return { message: found.message, duplicate: true };
      const last = page.events.at(-1);
      if (!page.has_more || !last) throw error;
      afterSeq = last.seq;
    }
  }
}
