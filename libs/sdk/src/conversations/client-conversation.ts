import type { Changed, Conversation, MessagePage } from '@agent-messenger/contracts';
import type { Connection } from '../connection/connection';
import { MessengerError } from '../errors';
import { asId } from '../ids';
import type { StreamView } from '../streams/stream-reader';
import { ConversationHandle, type HistoryOptions } from './conversation-handle';
import type { ConversationSync } from './conversation-sync';
import type { Session } from '../session';

/** A conversation of a person, with its entry in the list. */
export class ClientConversation extends ConversationHandle {
  readonly #sync: ConversationSync;
  readonly #connection: Connection;

  constructor(id: string, session: Session, sync: ConversationSync) {
    super(id, session);
    this.#sync = sync;
    this.#connection = session.connection;
  }

  /** As far as the list knows it. */
  get state(): Conversation | undefined {
    return this.#sync.list.get(this.id);
  }

  /** Asks the server how it stands: what the person has changed for themselves elsewhere is in no event. */
  refresh(): Promise<void> {
    return this.#sync.look(this.id);
  }

  /** As `messages`. */
  history(options?: HistoryOptions): Promise<MessagePage> {
    return this.messages(options);
  }

  /** Asks the agent to end an answer that it is writing; it has 10 s, then the answer is cut off where it is. */
  async stop(stream: Pick<StreamView, 'agent_id' | 'stream_id'>): Promise<void> {
    try {
      await this.#connection.requestUntilAnswered('stream:stop', {
        conversation_id: asId<'cnv'>(this.id),
        stream_id: stream.stream_id,
        agent_id: asId<'agt'>(stream.agent_id),
      });
    } catch (error) {
      // It has ended already.
      if (!(error instanceof MessengerError) || error.code !== 'not_found') throw error;
    }
  }

  /**
   * Chooses one of the actions of a message, for good. `conflict`: another choice was made before, by whichever device,
   * or it is too late; the message tells.
   */
  choose(messageId: string, actionId: string): Promise<Changed> {
    return this.change('action:choose', { ...this.messageOf(messageId), action_id: actionId });
  }

  override async read(seq: number): Promise<void> {
    await super.read(seq);
    if (!this.#sync.list.read(this.id, seq)) await this.#sync.look(this.id);
  }
}
