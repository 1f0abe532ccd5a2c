import type { Conversation } from '@agent-messenger/contracts';
import { ConversationHandle } from './conversation-handle';
import type { ConversationSync } from './conversation-sync';
import type { Session } from './session';

/** A conversation of a person, with its entry in the list. */
export class ClientConversation extends ConversationHandle {
  readonly #sync: ConversationSync;

  constructor(id: string, session: Session, sync: ConversationSync) {
    super(id, session);
    this.#sync = sync;
  }

  /** As far as the list knows it. */
  get state(): Conversation | undefined {
    return this.#sync.list.get(this.id);
  }

  override async read(seq: number): Promise<void> {
    await super.read(seq);
    if (!this.#sync.list.read(this.id, seq)) await this.#sync.look(this.id);
  }
}
