import type { Conversation, ConversationPage, Event, Receipt } from '@agent-messenger/contracts';
import { contract } from '../contract/contract';
import { membersAfter, newerOf, reactedTo } from './conversation-state';

/** Ranks that a listing takes below whatever happens while it is read. */
const LISTING = 2 ** 32;

/** A person's conversations as far as the last listing and the events since then tell. */
export class ConversationList {
  #conversations = new Map<string, Conversation>();
  /** Deleted or left: an answer that was on its way does not bring them back. */
  readonly #gone = new Set<string>();
  /**
   * The higher, the newer is the last message. Clocks are not asked: the server lists in the order of its log, and
   * events come after what was listed.
   */
  readonly #ranks = new Map<string, number>();
  #newest = 0;
  #listed = 0;
  /** Opaque; what the next listing is asked since. Undefined before the first one is complete. */
  syncToken: string | undefined;

  /** The one with the newest message first. Edits and reactions do not reorder it. */
  all(): Conversation[] {
    const rank = ({ id }: Conversation) => this.#ranks.get(id) ?? 0;
    return [...this.#conversations.values()].sort((a, b) => rank(b) - rank(a));
  }

  get(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** False when it was overtaken by what is known already: a newer answer is needed. */
  put(conversation: Conversation, rank = ++this.#newest): boolean {
    if (this.#gone.has(conversation.id)) return true;
    const known = this.#conversations.get(conversation.id);
    const isOvertaken =
      known && (known.last_seq > conversation.last_seq || known.read_seq > conversation.read_seq);
    if (isOvertaken) {
      // How far others are holds in any case, and no later answer may tell it again.
      const members = withPositionsOf(conversation.members, known.members);
      this.#conversations.set(known.id, { ...known, members });
      return false;
    }
    const last_message = lastMessageOf(known, conversation);
    // Receipts that came since it was read are ahead of it.
    const members = withPositionsOf(known?.members ?? [], conversation.members);
    const delivered_seq = Math.max(conversation.delivered_seq, known?.delivered_seq ?? 0);
    this.#conversations.set(conversation.id, {
      ...conversation,
      last_message,
      members,
      delivered_seq,
    });
    const isNewer = known?.last_message?.id !== last_message?.id;
    if (!known || isNewer) this.#ranks.set(conversation.id, rank);
    return true;
  }

  /** Adds a page of a listing, of which the last one completes it; answers which ids need a newer look. */
  addPage(page: ConversationPage): string[] {
    if (this.#listed === 0) {
      this.#listed = this.#newest + LISTING;
      this.#newest = this.#listed;
    }
    const overtaken = page.conversations
      .filter((each) => !this.put(each, --this.#listed))
      .map(({ id }) => id);
    for (const id of page.removed) this.remove(id);
    if (page.next_cursor === null) {
      this.syncToken = page.sync_token;
      this.#listed = 0;
    }
    return overtaken;
  }

  /** The next listing starts over. */
  reset(): void {
    this.syncToken = undefined;
    this.#listed = 0;
    this.#ranks.clear();
    this.#conversations.clear();
    this.#gone.clear();
  }

  remove(id: string): void {
    this.#gone.add(id);
    this.#ranks.delete(id);
    this.#conversations.delete(id);
  }

  /** False when the event alone does not tell how the conversation stands: it is worth a look at the server. */
  apply(event: Event, selfId: string): boolean {
    const known = this.#conversations.get(event.conversation_id);
    // What an older event says of us may no longer be so.
    if (known && event.seq <= known.last_seq) {
      // But the whole message, where the listing had a preview.
      const last_message = lastMessageAfter(known, event);
      this.#conversations.set(known.id, { ...known, last_message });
      return true;
    }
    if (event.type === 'conversation.deleted' || isAboutSelf(event, 'member.removed', selfId)) {
      this.remove(event.conversation_id);
      return true;
    }
    if (isAboutSelf(event, 'member.added', selfId)) this.#gone.delete(event.conversation_id);
    if (!known) return this.#gone.has(event.conversation_id);
    if (event.type === 'message.created') this.#ranks.set(known.id, ++this.#newest);
    const unread = known.unread_count + unreadChange(known, event, selfId);
    this.#conversations.set(known.id, {
      ...known,
      title: titleAfter(known, event),
      members: withPositions(known, event),
      last_message: lastMessageAfter(known, event),
      unread_count: Math.min(unread, contract.limits.unreadCap),
      last_seq: event.seq,
    });
    // At the cap the count is not the true one: one less may be as many.
    return known.unread_count < contract.limits.unreadCap || unread >= contract.limits.unreadCap;
  }

  receipt(receipt: Receipt, selfId: string): void {
    const known = this.#conversations.get(receipt.conversation_id);
    if (!known) return;
    const moved = { ...receipt, id: receipt.identity_id };
    const members = withPositionsOf([moved], known.members);
    const own = receipt.identity_id === selfId ? furthest(known, receipt) : {};
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

interface ReceiptPositions {
  delivered_seq: number;
  read_seq: number;
}

/** They only rise, and what tells of them may be overtaken. */
function furthest(a: ReceiptPositions, b: ReceiptPositions): ReceiptPositions {
  return {
    delivered_seq: Math.max(a.delivered_seq, b.delivered_seq),
    read_seq: Math.max(a.read_seq, b.read_seq),
  };
}

/** The members, each at least where `known` says. */
function withPositionsOf(
  known: readonly (ReceiptPositions & { id: string })[],
  members: Conversation['members'],
): Conversation['members'] {
  return members.map((member) => {
    const before = known.find(({ id }) => id === member.id);
    return before ? { ...member, ...furthest(member, before) } : member;
  });
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
  const { last_message } = known;
  if ('message' in event && event.message) {
    if (event.message.id === last_message?.id) return newerOf(last_message, event.message);
    const isNew = event.type === 'message.created' && event.seq > known.last_seq;
    return isNew ? event.message : last_message;
  }
  const isReaction =
    event.type === 'reaction.set' && event.reaction.message_id === last_message?.id;
  return isReaction && last_message ? reactedTo(last_message, event) : last_message;
}

/** Listings have previews: the whole message that is known already stays, unless it is of an earlier state. */
function lastMessageOf(known: Conversation | undefined, listed: Conversation) {
  const whole = known?.last_message;
  const preview = listed.last_message;
  if (!whole || !preview?.truncated || whole.id !== preview.id) return preview;
  return whole.updated_seq >= preview.updated_seq ? whole : preview;
}

function withPositions(known: Conversation, event: Event): Conversation['members'] {
  return membersAfter(known.members, event).map((member) => {
    const { delivered_seq = 0, read_seq = 0 } =
      known.members.find(({ id }) => id === member.id) ?? {};
    return { ...member, delivered_seq, read_seq };
  });
}
