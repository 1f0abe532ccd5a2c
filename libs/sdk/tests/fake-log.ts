import {
  reactionsAfter,
  type Actor,
  type Conversation,
  type Event,
  type EventPage,
  type Member,
  type Message,
  type MessagePage,
} from '@agent-messenger/contracts';

export const USER = 'usr_1';
export const AGENT = 'agt_1';
const AT = '2026-01-01T00:00:00.000Z';
const LOG = 'log-1';

/** What an event adds to seq, time and actor; its message comes by id, as it is when the event is read. */
type Entry = { type: string; actor: Actor; messageId?: string; data?: object };

/** One conversation as the store keeps it: a log, and the state that follows from it. */
export class FakeLog {
  readonly #entries: Entry[] = [];
  readonly #messages = new Map<string, Message>();
  #members: Member[] = [
    { id: USER, kind: 'user', name: 'ada' },
    { id: AGENT, kind: 'agent', name: 'echo' },
  ];
  #title: string | null = null;
  deleted = false;
  readSeq = 0;

  constructor(readonly id: string) {
    this.#append({ type: 'conversation.created', actor: actorOf(USER), data: this.#shared() });
  }

  get lastSeq(): number {
    return this.#entries.length;
  }

  /** From the first that is still there, as events are now. */
  get events(): Event[] {
    const events = this.#entries.map((_, index) => this.event(index + 1));
    return this.deleted ? events.slice(-1) : events;
  }

  get messages(): Message[] {
    return structuredClone([...this.#messages.values()]);
  }

  event(seq: number): Event {
    const { type, actor, messageId, data } = this.#entries[seq - 1] as Entry;
    const message = messageId === undefined ? {} : { message: this.#messages.get(messageId) };
    return structuredClone({
      conversation_id: this.id,
      seq,
      at: AT,
      type,
      actor,
      ...data,
      ...message,
    }) as Event;
  }

  page(afterSeq: number, limit: number): EventPage {
    const rest = this.events.filter(({ seq }) => seq > afterSeq);
    return {
      events: rest.slice(0, limit),
      has_more: rest.length > limit,
      last_seq: this.lastSeq,
      log_id: LOG,
    };
  }

  history(limit = 50, beforeSeq = Infinity): MessagePage {
    const messages = this.messages.filter(({ seq }) => seq < beforeSeq);
    return {
      messages: messages.slice(-limit),
      has_more: messages.length > limit,
      last_seq: this.lastSeq,
      log_id: LOG,
    };
  }

  /** As the person sees it. */
  conversation(deliveredSeq = 0): Conversation {
    const unread = this.messages.filter(
      ({ seq, sender, content }) => seq > this.readSeq && sender.id !== USER && content !== null,
    );
    return structuredClone({
      ...this.#shared().conversation,
      members: this.#members.map((member) => ({ ...member, delivered_seq: 0, read_seq: 0 })),
      last_seq: this.lastSeq,
      last_message: this.messages.at(-1) ?? null,
      unread_count: unread.length,
      delivered_seq: deliveredSeq,
      read_seq: this.readSeq,
      muted: false,
      archived: false,
      tags: [],
    });
  }

  say(
    sender: string,
    content: string,
    client_id = `c-${this.lastSeq}`,
    more: Partial<Message> = {},
  ): Message {
    const seq = this.lastSeq + 1;
    const message: Message = {
      id: `msg_${this.id.slice(4)}-${seq}`,
      conversation_id: this.id,
      seq,
      updated_seq: seq,
      sender: actorOf(sender),
      client_id,
      content,
      reactions: [],
      created_at: AT,
      ...more,
    };
    this.#messages.set(message.id, message);
    this.#append({ type: 'message.created', actor: message.sender, messageId: message.id });
    return structuredClone(message);
  }

  /** Null when it is so already. */
  edit(actor: string, messageId: string, content: string): Event | null {
    if (this.#messages.get(messageId)?.content === content) return null;
    return this.#change('message.edited', actor, messageId, { content, edited_at: AT });
  }

  /** An answer that was cut off comes to its end. */
  replace(actor: string, messageId: string, content: string): Event {
    return this.#change('message.edited', actor, messageId, { content, state: undefined });
  }

  remove(actor: string, messageId: string): Event | null {
    if (this.#messages.get(messageId)?.content === null) return null;
    const tombstone = { content: null, reactions: [], deleted_at: AT };
    return this.#change('message.deleted', actor, messageId, tombstone);
  }

  react(actor: string, messageId: string, emoji: string, set: boolean): Event | null {
    const { reactions = [] } = this.#messages.get(messageId) ?? {};
    const reaction = { message_id: messageId, emoji, identity_id: actor, set };
    const all = reactionsAfter(reactions, reaction);
    if (all === reactions) return null;
    const data = { reaction };
    return this.#change('reaction.set', actor, messageId, { reactions: all }, data);
  }

  /** The first choice is the one. Null when it is so already, undefined when it is another. */
  choose(actor: string, messageId: string, actionId: string): Event | null | undefined {
    const { choice } = this.#messages.get(messageId) ?? {};
    if (choice) return choice.action_id === actionId ? null : undefined;
    const chosen = { action_id: actionId, by: actorOf(actor), at: AT };
    return this.#change('action.chosen', actor, messageId, { choice: chosen });
  }

  rename(title: string): void {
    this.#title = title;
    this.#append({ type: 'conversation.updated', actor: actorOf(USER), data: this.#shared() });
  }

  join(id: string): void {
    const member: Member = { id: id as 'agt_2', kind: 'agent', name: id };
    this.#members = [...this.#members.filter((each) => each.id !== id), member];
    this.#append({ type: 'member.added', actor: actorOf(USER), data: { member } });
  }

  leave(id: string): void {
    const member = this.#members.find((each) => each.id === id);
    this.#members = this.#members.filter((each) => each.id !== id);
    this.#append({ type: 'member.removed', actor: actorOf(USER), data: { member } });
  }

  /** A type that this version knows nothing of. */
  future(): void {
    this.#append({ type: 'poll.opened', actor: actorOf(USER), data: { poll: {} } });
  }

  close(): void {
    this.#title = null;
    this.#messages.clear();
    this.deleted = true;
    this.#append({ type: 'conversation.deleted', actor: actorOf(USER), data: this.#shared() });
  }

  #change(
    type: string,
    actor: string,
    messageId: string,
    change: Partial<Message>,
    data: object = {},
  ): Event {
    const message = this.#messages.get(messageId) as Message;
    this.#messages.set(messageId, { ...message, ...change, updated_seq: this.lastSeq + 1 });
    this.#append({ type, actor: actorOf(actor), messageId, data });
    return this.event(this.lastSeq);
  }

  #append(entry: Entry): void {
    this.#entries.push(entry);
  }

  #shared() {
    return {
      conversation: {
        id: this.id,
        title: this.#title,
        created_at: AT,
        members: [...this.#members],
      },
    };
  }
}

export function actorOf(id: string): Actor {
  return { id: id as Actor['id'], kind: id.startsWith('agt_') ? 'agent' : 'user' };
}
