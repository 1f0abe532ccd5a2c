import type { Message, RequestAck, RequestInput, Sent } from '@agent-messenger/contracts';
import type { SendOptions } from '../conversations/conversation-handle';
import { MessengerError } from '../errors';
import type { ChangeName } from '../outbox';
import type { AgentStream, StreamOptions } from '../streams/agent-stream';
import { AgentConversation, type AgentParts } from './agent-conversation';
import { WatchedPromise } from './watched-promise';

interface Noted {
  answer: Promise<unknown>;
  /** What the handler got. */
  given: WatchedPromise<unknown>;
}

/** What a run of a handler lends to its conversation. */
export interface Run {
  /** A person is waited for, which costs the run neither time nor its place among those that run at once. */
  pause: <T>(work: () => Promise<T>) => Promise<T>;
  /** A person has stopped what the run was writing. */
  onStopped: () => void;
}

/**
 * The conversation as one run of a handler sees it. Its n-th answer carries a client_id that follows from the
 * incoming message: a run that is repeated, after a crash for example, doubles nothing that was sent before.
 */
export class ReplyHandle extends AgentConversation {
  readonly #changes: Noted[] = [];
  readonly #streams: AgentStream[] = [];
  #answers = 0;

  constructor(
    parts: AgentParts,
    private readonly incoming: Message,
    private readonly run: Run,
  ) {
    super(incoming.conversation_id, parts);
  }

  override send(content: string, options: SendOptions = {}): Promise<Sent> {
    const client_id = this.#nextId();
    if (options.client_id !== undefined) return super.send(content, options);
    return this.outcome(super.send(content, { ...options, client_id }));
  }

  override stream(options: StreamOptions = {}): AgentStream {
    const stream = this.startStream({ ...options, streamId: this.#nextId() });
    stream.signal.addEventListener('abort', () => this.run.onStopped());
    this.#streams.push(stream);
    return stream;
  }

  /**
   * Ends what the handler left open. When all changes of the run have their answers, awaited by the handler or not.
   * Rejects with the first refusal that nobody awaited: it would be lost.
   */
  async settled(): Promise<void> {
    const open = this.#streams.filter(({ isOver }) => !isOver);
    await Promise.all(open.map((each) => (each.signal.aborted ? each.endStopped() : each.end())));
    await this.answered();
  }

  /** As `settled`, but what is open stays so: another run goes on with it. */
  async answered(): Promise<void> {
    const lost: unknown[] = [];
    // A change that something in the background makes meanwhile is waited for as well.
    for (const { answer, given } of this.#changes) {
      await answer.catch((error: unknown) => {
        if (!given.isWatched) lost.push(error);
      });
    }
    if (lost.length > 0) throw lost[0];
  }

  protected override get historyEnd(): number {
    return this.incoming.seq + 1;
  }

  protected override waiting<T>(work: () => Promise<T>): Promise<T> {
    return this.run.pause(work);
  }

  protected override outcome(sent: Promise<Sent>): Promise<Sent> {
    return this.#noted(sent.catch((error: unknown) => this.#alreadySent(error)));
  }

  protected override change<N extends ChangeName>(
    name: N,
    payload: RequestInput<N>,
  ): Promise<RequestAck<N>> {
    return this.#noted(super.change(name, payload));
  }

  #nextId(): string {
    return `${this.incoming.id}:${++this.#answers}`;
  }

  #noted<T>(answer: Promise<T>): Promise<T> {
    const given = WatchedPromise.of(answer);
    this.#changes.push({ answer, given });
    return given;
  }

  /** An earlier run sent something else as its n-th answer (a model rarely says the same twice): that one counts. */
  async #alreadySent(error: unknown): Promise<Sent> {
    const earlier = error instanceof MessengerError && error.code === 'conflict' && error.messageId;
    if (!earlier) throw error;
    let afterSeq = this.incoming.seq;
    for (;;) {
      const page = await this.parts.session.readLog(this.id, afterSeq);
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
