import type { Message, RequestInput, Sent } from '@agent-messenger/contracts';
import { ConversationHandle, type SendOptions } from '../conversations/conversation-handle';
import { contract } from '../contract/contract';
import { asId } from '../ids';
import { actionsOf, optionOf, type AskOption } from '../questions/answer';
import type { Questions } from '../questions/questions';
import type { Session } from '../session';
import type { AgentStream, StreamOptions } from '../streams/agent-stream';
import type { AgentStreams } from '../streams/agent-streams';

/** What the conversations of an agent have in common. */
export interface AgentParts {
  session: Session;
  streams: AgentStreams;
  questions: Questions;
}

export type ActivityState = RequestInput<'activity'>['state'];

export interface AskOptions extends Omit<SendOptions, 'actions' | 'actions_expire_at'> {
  /** Withdraws the question: its message is deleted, and `ask` rejects with the reason. */
  signal?: AbortSignal;
  /** How long a person has to choose; without it as long as they like. Counts from the first time it is asked. */
  timeoutMs?: number;
}
type IdOf<O extends AskOption> = O extends string ? O : O extends { id: infer I } ? I : never;

/** As chat completion endpoints take it. */
export interface ChatMessage {
  role: 'user' | 'assistant';
  content: string;
}

/** What an agent can do in one conversation. */
export class AgentConversation extends ConversationHandle {
  constructor(
    id: string,
    protected readonly parts: AgentParts,
  ) {
    super(id, parts.session);
  }

  /** Begins an answer that people see while it is written. */
  stream(options: StreamOptions = {}): AgentStream {
    return this.startStream(options);
  }

  /**
   * What it is doing, for 30 s or until a message or `null`; dropped when there is no connection. `label`: at most 80
   * characters.
   */
  activity(state: ActivityState, label?: string): void {
    const doing = {
      conversation_id: asId<'cnv'>(this.id),
      state,
      ...(label !== undefined && { label }),
    };
    this.parts.session.connection.emit('activity', doing);
  }

  /**
   * Asks people to choose, and waits: for a button, or for a reply that is the id or the label of an option. Resolves
   * with the option's id (its text where it is one), or with null when nobody chose in time or the question was
   * deleted.
   */
  async ask<const O extends AskOption>(
    content: string,
    options: readonly O[],
    { signal, timeoutMs, ...send }: AskOptions = {},
  ): Promise<IdOf<O> | null> {
    signal?.throwIfAborted();
    const { session, questions } = this.parts;
    const { message } = await this.send(content, {
      ...send,
      actions: actionsOf(options),
      ...(timeoutMs !== undefined && { actions_expire_at: questions.expiryIn(timeoutMs) }),
    });
    try {
      const id = await this.waiting(() => questions.answer(message, signal));
      return id === null ? null : (optionOf(options, id) as IdOf<O>);
    } catch (error) {
      // What ends with the agent is found again when it is asked again.
      if (signal?.aborted && !session.signal.aborted) await this.delete(message.id);
      throw error;
    }
  }

  /**
   * The newest messages as chat completion endpoints take them, oldest first, at most `limit` (default 20): the agent's
   * own as `assistant`, all others as `user`, without those that are deleted or empty.
   */
  async history({ limit = 20 }: { limit?: number } = {}): Promise<ChatMessage[]> {
    const kept: ChatMessage[] = [];
    for (let before_seq = this.historyEnd; ;) {
      const page = await this.messages({
        limit: Math.min(limit, contract.limits.pageMax),
        ...(before_seq !== undefined && { before_seq }),
      });
      const said = page.messages.filter(({ content }) => content);
      kept.unshift(...said.map((message) => this.#chatMessage(message)));
      before_seq = page.messages[0]?.seq;
      if (kept.length >= limit || !page.has_more || before_seq === undefined) break;
    }
    return kept.slice(-limit);
  }

  /** Messages from this seq on are no part of the history. */
  protected get historyEnd(): number | undefined {
    return undefined;
  }

  protected startStream(options: StreamOptions & { streamId?: string }): AgentStream {
    return this.parts.streams.start(
      {
        conversationId: this.id,
        change: (name, payload) => this.parts.session.outbox.add(name, payload),
        outcome: (sent) => this.outcome(sent),
      },
      options,
    );
  }

  /** What the writer of a stream gets of its end. */
  protected outcome(sent: Promise<Sent>): Promise<Sent> {
    return sent;
  }

  /** While a person is waited for. */
  protected waiting<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  #chatMessage({ sender, content }: Message): ChatMessage {
    const isOwn = sender.id === this.parts.session.identity.id;
    return { role: isOwn ? 'assistant' : 'user', content: content ?? '' };
  }
}
