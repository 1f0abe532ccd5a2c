import {
  LIMITS,
  type Conversation,
  type ConversationPage,
  type Event,
  type Receipt,
} from '@agent-messenger/contracts';

/** A person's conversations as far as the last listing and the events since then tell. */
export class ConversationList {
  #conversations = new Map<string, Conversation>();
  /** Opaque; what the next listing is asked since. Undefined before the first one is complete. */
  syncToken: string | undefined;

  /** Most recently active first. */
  all(): Conversation[] {
    return [...this.#conversations.values()].sort((a, b) => (activity(a) < activity(b) ? 1 : -1));
  }

  get(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  put(conversation: Conversation): void {
    const known = this.#conversations.get(conversation.id);
    // An answer that was overtaken by events does not undo them.
    if (known && known.last_seq > conversation.last_seq) return;
    this.#conversations.set(conversation.id, conversation);
  }

  /** Adds a page of a listing; the last one completes it. */
  addPage(page: ConversationPage): void {
    for (const each of page.conversations) this.put(each);
    for (const id of page.removed) this.#conversations.delete(id);
    if (page.next_cursor === null) this.syncToken = page.sync_token;
  }

  /** The next listing starts over. */
  reset(): void {
    this.syncToken = undefined;
    this.#conversations.clear();
  }

  /** False when the conversation is not known: it is worth a look at the server. */
  apply(event: Event, selfId: string): boolean {
    const known = this.#conversations.get(event.conversation_id);
    if (event.type === 'conversation.deleted') {
      this.#conversations.delete(event.conversation_id);
      return true;
    }
    if (event.type === 'member.removed' && event.member.id === selfId) {
      this.#conversations.delete(event.conversation_id);
      return true;
    }
    if (!known) return false;
    if (event.seq <= known.last_seq) return true;
    this.#conversations.set(known.id, {
      ...known,
      ...changes(known, event, selfId),
      last_seq: event.seq,
    });
    return true;
  }

  receipt(receipt: Receipt, selfId: string): void {
    const known = this.#conversations.get(receipt.conversation_id);
    if (!known) return;
    const { delivered_seq, read_seq } = receipt;
    const members = known.members.map((member) =>
      member.id === receipt.identity_id ? { ...member, delivered_seq, read_seq } : member,
    );
    const own = receipt.identity_id === selfId ? { delivered_seq, read_seq } : {};
    this.#conversations.set(known.id, { ...known, members, ...own });
  }

  read(conversationId: string, seq: number): void {
    const known = this.#conversations.get(conversationId);
    if (!known || seq <= known.read_seq) return;
    const unread_count = seq >= known.last_seq ? 0 : known.unread_count;
    this.#conversations.set(known.id, { ...known, read_seq: seq, unread_count });
  }
}

function activity(conversation: Conversation): string {
  return conversation.last_message?.created_at ?? conversation.created_at;
}

function changes(known: Conversation, event: Event, selfId: string): Partial<Conversation> {
  switch (event.type) {
    case 'message.created': {
      const unread = event.message.sender.id !== selfId && event.message.content !== null;
      return {
        last_message: event.message,
        unread_count: Math.min(known.unread_count + (unread ? 1 : 0), LIMITS.unreadCap),
      };
    }
    case 'message.edited':
    case 'message.deleted':
    case 'reaction.set':
      return event.message.id === known.last_message?.id ? { last_message: event.message } : {};
    case 'conversation.updated':
      return { title: event.conversation.title };
    case 'member.added':
      return {
        members: [...known.members, { ...event.member, delivered_seq: 0, read_seq: 0 }],
      };
    case 'member.removed':
      return { members: known.members.filter((member) => member.id !== event.member.id) };
    default:
      return {};
  }
}
