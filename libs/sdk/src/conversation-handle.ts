import type { EventPage, MessagePage, Send, Sent } from '@agent-messenger/contracts';
import { asId, newClientId } from './ids';
import type { Session } from './session';

export interface SendOptions {
  /** Idempotency key; made up when absent. The same key with the same text is sent once. */
  client_id?: string;
  metadata?: NonNullable<Send['metadata']>;
  /** Id of a message of the same conversation. */
  reply_to?: string;
}

export interface HistoryOptions {
  before_seq?: number;
  after_seq?: number;
  limit?: number;
}

/** What can be done in one conversation. Makes no call by itself. */
export class ConversationHandle {
  constructor(
    readonly id: string,
    private readonly session: Session,
  ) {}

  /** Resolves after the commit. Lost connections are waited for; only a refusal, `outbox_full` or the end rejects. */
  send(content: string, options: SendOptions = {}): Promise<Sent> {
    const { client_id = newClientId(), metadata, reply_to } = options;
    return this.session.outbox.send({
      conversation_id: asId<'cnv'>(this.id),
      client_id,
      content,
      ...(metadata === undefined ? {} : { metadata }),
      ...(reply_to === undefined ? {} : { reply_to: asId<'msg'>(reply_to) }),
    });
  }

  /** Messages, oldest first; the newest page by default. */
  history(options: HistoryOptions = {}): Promise<MessagePage> {
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
    await this.session.request('read', { conversation_id: asId<'cnv'>(this.id), seq });
  }

  /** Lasts 6 s; dropped when there is no connection. */
  typing(typing: boolean): void {
    this.session.connection.emit('typing', { conversation_id: asId<'cnv'>(this.id), typing });
  }
}
