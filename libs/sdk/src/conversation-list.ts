import {
  LIMITS,
  type Conversation,
  type ConversationPage,
  type Event,
  type Receipt,
} from '@agent-messenger/contracts';
import { membersAfter, newerOf } from './conversation-state';

/** A person's conversations as far as the last listing and the events since then tell. */
export class ConversationList {
  #conversations = new Map<string, Conversation>();
  /** Deleted or left: an answer that was on its way does not bring them back. */
  readonly #gone = new Set<string>();
  /** Opaque; what the next listing is asked since. Undefined before the first one is complete. */
  syncToken: string | undefined;

  /** Most recently active first. */
  all(): Conversation[] {
    return [...this.#conversations.values()].sort((a, b) => (activity(a) < activity(b) ? 1 : -1));
  }

  get(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** False when it was overtaken by what is known already: a newer answer is needed. */
  put(conversation: Conversation): boolean {
    if (this.#gone.has(conversation.id)) return true;
    const known = this.#conversations.get(conversation.id);
    if (known && known.last_seq > conversation.last_seq) return false;
    if (known && known.read_seq > conversation.read_seq) return false;
    this.#conversations.set(conversation.id, conversation);
    return true;
  }

  /** Adds a page of a listing, of which the last one completes it; answers which ids need a newer look. */
  addPage(page: ConversationPage): string[] {
    const overtaken = page.conversations.filter((each) => !this.put(each)).map(({ id }) => id);
    for (const id of page.removed) this.remove(id);
    if (page.next_cursor === null) this.syncToken = page.sync_token;
    return overtaken;
  }

  /** The next listing starts over. */
  reset(): void {
    this.syncToken = undefined;
    this.#conversations.clear();
    this.#gone.clear();
  }

  remove(id: string): void {
    this.#gone.add(id);
    this.#conversations.delete(id);
  }

  /** False when the event alone does not tell how the conversation stands: it is worth a look at the server. */
  apply(event: Event, selfId: string): boolean {
    const known = this.#conversations.get(event.conversation_id);
    // What an older event says of us may no longer be so.
    if (known && event.seq <= known.last_seq) return true;
    if (event.type === 'conversation.deleted' || isAboutSelf(event, 'member.removed', selfId)) {
      this.remove(event.conversation_id);
      return true;
    }
    if (isAboutSelf(event, 'member.added', selfId)) this.#gone.delete(event.conversation_id);
    if (!known) return this.#gone.has(event.conversation_id);
    const unread = known.unread_count + unreadChange(known, event, selfId);
    this.#conversations.set(known.id, {
      ...known,
      title: titleAfter(known, event),
      members: withPositions(known, event),
      last_message: lastMessageAfter(known, event),
      unread_count: Math.min(unread, LIMITS.unreadCap),
      last_seq: event.seq,
    });
    // At the cap the count is not the true one: one less may be as many.
    return known.unread_count < LIMITS.unreadCap || unread >= LIMITS.unreadCap;
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

  /** False when how many remain unread is for the server to tell. */
  read(conversationId: string, seq: number): boolean {
    const known = this.#conversations.get(conversationId);
    if (!known || seq <= known.read_seq) return true;
    const isAll = seq >= known.last_seq;
    this.#conversations.set(known.id, {
      ...known,
      read_seq: Math.min(seq, known.last_seq),
      unread_count: isAll ? 0 : known.unread_count,
    });
    return isAll;
  }
}

function activity(conversation: Conversation): string {
  return conversation.last_message?.created_at ?? conversation.created_at;
}

function isAboutSelf(event: Event, type: 'member.added' | 'member.removed', selfId: string) {
  return event.type === type && event.member.id === selfId;
}

/**
 * By the log, not by the copy that an event carries: a message that is deleted by now counts until its deletion is
 * applied, or the deletion could not know whether to take it off.
 */
function unreadChange(known: Conversation, event: Event, selfId: string): number {
  if (event.type !== 'message.created' && event.type !== 'message.deleted') return 0;
  const { message } = event;
  if (message.sender.id === selfId || message.seq <= known.read_seq) return 0;
  return event.type === 'message.created' ? 1 : -1;
}

function titleAfter(known: Conversation, event: Event): string | null {
  return event.type === 'conversation.updated' ? event.conversation.title : known.title;
}

function lastMessageAfter(known: Conversation, event: Event): Conversation['last_message'] {
  switch (event.type) {
    case 'message.created':
      return event.message;
    case 'message.edited':
    case 'message.deleted':
    case 'reaction.set':
      return event.message.id === known.last_message?.id
        ? newerOf(known.last_message, event.message)
        : known.last_message;
    default:
      return known.last_message;
  }
}

function withPositions(known: Conversation, event: Event): Conversation['members'] {
  return membersAfter(known.members, event).map((member) => {
    const { delivered_seq = 0, read_seq = 0 } =
      known.members.find(({ id }) => id === member.id) ?? {};
    return { ...member, delivered_seq, read_seq };
  });
}
