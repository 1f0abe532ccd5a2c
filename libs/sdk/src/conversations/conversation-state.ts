import {
  reactionsAfter,
  type Event,
  type Member,
  type Message,
  type MessagePage,
} from '@agent-messenger/contracts';

/**
 * One conversation as a reader sees it, as of `last_seq`. Whoever follows the log from any copy of it ends with the
 * state that reading conversation and history afresh gives.
 */
export interface ConversationState {
  readonly id: string;
  /** Null also before `conversation.created` was applied. */
  readonly created_at: string | null;
  readonly title: string | null;
  readonly members: readonly Member[];
  /** Copies by id, the newest of each; `messagesOf` gives those to show. */
  readonly messages: ReadonlyMap<string, Message>;
  /** Reactions to messages of which there is no copy, oldest first: a page that was read before may still come. */
  readonly loose: ReadonlyMap<string, readonly ReactionEvent[]>;
  /** Messages from here on are complete; what is before was not loaded. */
  readonly from_seq: number;
  /** Position in the log: the next event to apply is the one after it. */
  readonly last_seq: number;
  readonly deleted: boolean;
}

/** What `GET /conversations/:id` and events have in common. */
interface ConversationRead {
  id: string;
  created_at: string;
  title: string | null;
  members: readonly Member[];
  last_seq: number;
}

/** Before the first event. */
export function emptyConversation(id: string): ConversationState {
  return {
    id,
    created_at: null,
    title: null,
    members: [],
    messages: new Map(),
    loose: new Map(),
    from_seq: 1,
    last_seq: 0,
    deleted: false,
  };
}

/** From a conversation and its newest page of messages, read in either order. */
export function conversationState(
  conversation: ConversationRead,
  newest: MessagePage,
): ConversationState {
  const { id, created_at, title, members } = conversation;
  const state: ConversationState = {
    ...emptyConversation(id),
    created_at,
    title,
    members: members.map(toMember),
    // The one that was read first knows less; to apply again what the other knows changes nothing in the end.
    last_seq: Math.min(conversation.last_seq, newest.last_seq),
    from_seq: Number.POSITIVE_INFINITY,
  };
  return addHistory(state, newest);
}

/** Adds the page that ends before `from_seq`, whenever it was read. */
export function addHistory(state: ConversationState, page: MessagePage): ConversationState {
  if (state.deleted) return state;
  const first = page.messages[0]?.seq ?? 1;
  return {
    ...page.messages.reduce(withMessage, state),
    from_seq: page.has_more ? Math.min(first, state.from_seq) : 1,
  };
}

/** Messages oldest first, tombstones (`content: null`) included. */
export function messagesOf(state: ConversationState): Message[] {
  return [...state.messages.values()]
    .filter((message) => message.seq >= state.from_seq)
    .sort((a, b) => a.seq - b.seq);
}

/**
 * The state after an event; events come in order, and what comes again changes nothing. Types that are not known
 * move the position only. Does not change its input.
 */
export function applyEvent(state: ConversationState, event: Event): ConversationState {
  if (event.conversation_id !== state.id || state.deleted) return state;
  // Events carry messages as they are now: a repeated event may bring a newer copy.
  const changed = withMessageOf(state, event);
  if (event.seq <= state.last_seq) return changed;
  const next = { ...changed, last_seq: event.seq };
  switch (event.type) {
    case 'conversation.created':
    case 'conversation.updated': {
      const { created_at, title } = event.conversation;
      return { ...next, created_at, title, members: membersAfter(state.members, event) };
    }
    case 'conversation.deleted': {
      const { id, created_at, title, members } = event.conversation;
      const { last_seq } = next;
      return { ...emptyConversation(id), created_at, title, members, last_seq, deleted: true };
    }
    case 'member.added':
    case 'member.removed':
      return { ...next, members: membersAfter(state.members, event) };
    default:
      return next;
  }
}

/** `known` as an event leaves it, in the order in which they joined. */
export function membersAfter(known: readonly Member[], event: Event): readonly Member[] {
  switch (event.type) {
    case 'conversation.created':
      return event.conversation.members;
    case 'member.added':
      return [...without(known, event.member.id), event.member];
    case 'member.removed':
      return without(known, event.member.id);
    default:
      return known;
  }
}

function without(members: readonly Member[], id: string): readonly Member[] {
  return members.filter((member) => member.id !== id);
}

function toMember({ id, kind, name }: Member): Member {
  return { id, kind, name };
}

type ReactionEvent = Extract<Event, { type: 'reaction.set' }>;

function withMessageOf(state: ConversationState, event: Event): ConversationState {
  if ('message' in event && event.message) return withMessage(state, event.message);
  return event.type === 'reaction.set' ? withReaction(state, event) : state;
}

function withReaction(state: ConversationState, event: ReactionEvent): ConversationState {
  const { message_id } = event.reaction;
  const known = state.messages.get(message_id);
  if (known) return withCopy(state, reactedTo(known, event));
  const earlier = state.loose.get(message_id) ?? [];
  if (earlier.some(({ seq }) => seq >= event.seq)) return state;
  return { ...state, loose: new Map(state.loose).set(message_id, [...earlier, event]) };
}

/** The copy after a reaction; itself when it is of a later state. */
export function reactedTo(copy: Message, { seq, reaction }: ReactionEvent): Message {
  if (copy.updated_seq >= seq) return copy;
  return { ...copy, reactions: reactionsAfter(copy.reactions, reaction), updated_seq: seq };
}

/** The newer of two copies is the one with the higher `updated_seq`; but a preview takes no whole one's place. */
export function newerOf(known: Message | undefined | null, copy: Message): Message {
  if (!known) return copy;
  if (known.truncated !== copy.truncated) return known.truncated ? copy : known;
  return known.updated_seq >= copy.updated_seq ? known : copy;
}

function withMessage(state: ConversationState, copy: Message): ConversationState {
  const late = state.loose.get(copy.id);
  if (!late) return withCopy(state, copy);
  const loose = new Map(state.loose);
  loose.delete(copy.id);
  return withCopy({ ...state, loose }, late.reduce(reactedTo, copy));
}

function withCopy(state: ConversationState, copy: Message): ConversationState {
  const known = state.messages.get(copy.id);
  if (newerOf(known, copy) === known) return state;
  return { ...state, messages: new Map(state.messages).set(copy.id, copy) };
}
