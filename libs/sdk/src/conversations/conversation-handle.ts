import type {
  Changed,
  EventPage,
  MessagePage,
  RequestAck,
  RequestInput,
  Send,
  Sent,
} from '@agent-messenger/contracts';
import { asId, newClientId } from '../ids';
import type { ChangeName } from '../outbox';
import type { Session } from '../session';

export interface SendOptions {
  /** Idempotency key; made up when absent. The same key with the same text is sent once. */
  client_id?: string;
  metadata?: NonNullable<Send['metadata']>;
  /** Id of a message of the same conversation. */
  reply_to?: string;
  /** Agents only: what a person can choose from, once. */
  actions?: NonNullable<Send['actions']>;
  /** RFC 3339: from then on nothing can be chosen. Needs `actions`. */
  actions_expire_at?: string;
}

export interface HistoryOptions {
  before_seq?: number;
  after_seq?: number;
  limit?: number;
}

/**
 * What can be done in one conversation. Makes no call by itself. Changes are carried out in the order in which they
 * were made and resolve after the commit. Lost connections are waited for; only a refusal, `outbox_full` or the end
 * rejects.
 */
export class ConversationHandle {
  constructor(
    readonly id: string,
    private readonly session: Session,
  ) {}

  send(content: string, options: SendOptions = {}): Promise<Sent> {
    const { client_id = newClientId(), metadata, reply_to, actions, actions_expire_at } = options;
    return this.change('message:send', {
      conversation_id: asId<'cnv'>(this.id),
      client_id,
      content,
      ...(metadata === undefined ? {} : { metadata }),
      ...(reply_to === undefined ? {} : { reply_to: asId<'msg'>(reply_to) }),
      ...(actions === undefined ? {} : { actions }),
      ...(actions_expire_at === undefined ? {} : { actions_expire_at }),
    });
  }

  /** Of an own message. */
  edit(messageId: string, content: string): Promise<Changed> {
    return this.change('message:edit', { ...this.messageOf(messageId), content });
  }

  /** Of an own message: its content is gone for good, a tombstone remains. */
  delete(messageId: string): Promise<Changed> {
    return this.change('message:delete', this.messageOf(messageId));
  }

  /** Adds the own reaction, or takes it back. */
  react(messageId: string, emoji: string, set = true): Promise<Changed> {
    return this.change('reaction:set', { ...this.messageOf(messageId), emoji, set });
  }

  /** Messages, oldest first; the newest page by default. */
  messages(options: HistoryOptions = {}): Promise<MessagePage> {
    const { before_seq, after_seq, limit } = options;
    return this.session.rest.request('listMessages', {
      params: { conversation_id: this.id },
      query: {
        ...(before_seq === undefined ? {} : { before_seq }),
        ...(after_seq === undefined ? {} : { after_seq }),
        ...(limit === undefined ? {} : { limit }),
      },
    });
  }

  /** A page of the log itself; changes no position. */
  sync(afterSeq: number, limit?: number): Promise<EventPage> {
    return this.session.request('sync', {
      conversation_id: asId<'cnv'>(this.id),
      after_seq: afterSeq,
      ...(limit === undefined ? {} : { limit }),
    });
  }

  async read(seq: number): Promise<void> {
    const request = { conversation_id: asId<'cnv'>(this.id), seq };
    await this.session.connection.requestUntilAnswered('read', request);
  }

  /** Lasts 6 s; dropped when there is no connection. */
  typing(typing: boolean): void {
    this.session.connection.emit('typing', { conversation_id: asId<'cnv'>(this.id), typing });
  }

  /** The one way of every change to the log. */
  protected change<N extends ChangeName>(
    name: N,
    payload: RequestInput<N>,
  ): Promise<RequestAck<N>> {
    return this.session.outbox.add(name, payload);
  }

  protected messageOf(messageId: string) {
    return { conversation_id: asId<'cnv'>(this.id), message_id: asId<'msg'>(messageId) };
  }
}
