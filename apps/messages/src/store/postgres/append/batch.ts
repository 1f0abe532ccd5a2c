import type { Event } from '@agent-messenger/contracts';
import { noSuchConversation, isPresent, type Reach, type Standing } from '../../access-rules';
import { numberOf, toActor, toMessage, type MessageRow } from '../../message-rows';
import type { EventKey } from '../outbox/outbox-queues';
import type { QuotaLedger } from '../storage-use/quota-ledger';

/** A conversation that the transaction has locked. */
export interface BatchConversation {
  conversation: string;
  conversation_id: string;
  last_seq: number;
  last_message: number | null;
  deleted_at: string | null;
  /** Where it is in its members' listings, as it was and as it is from now on. */
  listedAt: number;
  activity: number;
  /** Present and former ones. */
  members: BatchMember[];
  /** What becomes of something new that a member would put before its agents. */
  reach(sender: string): Reach;
  /** Its listings show something else. */
  isStamped: boolean;
}

export interface BatchMember {
  identity: number;
  identity_id: string;
  is_erased: boolean;
  epoch: number;
  joined_seq: number;
  left_seq: number | null;
  left_at: string | null;
  delivered_seq: number;
  seen_seq: number;
  read_seq: number;
  talks: boolean;
  /** Whether events are on their way to it from now on; undefined: as before. */
  pending?: boolean;
  isChanged: boolean;
  /** The listing of the member shows something else of its own. */
  isStamped: boolean;
}

/** Who carries out an operation, and where. */
export interface Party extends Standing {
  of: BatchConversation;
  member: BatchMember;
}

/** A message that an operation names, or that the batch has made. */
export interface BatchMessage {
  conversation: string;
  row: MessageRow;
  isChanged: boolean;
}

export interface BatchSend {
  sender: number;
  client_id: string;
  digest: Buffer;
  message: BatchMessage;
  isNew: boolean;
  isChanged: boolean;
}

/** An event that the batch adds. */
export interface NewEvent {
  conversation: string;
  seq: number;
  type: Event['type'];
  actor: number;
  actor_id: string;
  at: string;
  about: number | null;
  data: object | null;
  message: BatchMessage | null;
  /** Whether the message is its own. */
  isMessage: boolean;
  /** Whether its actor is given it by the gateway that asked for it, and not by the relay. */
  isGiven: boolean;
}

interface BatchParts {
  at: string;
  logId: string;
  formerSince: string;
  /** Rises from batch to batch. */
  activity: number;
  ledger: QuotaLedger;
}

const keyOf = (conversation: string, seq: number) => `${conversation} ${seq}`;

/**
 * What a batch of operations works on, as it was when its conversations were locked, and what becomes of it: operations
 * are carried out in memory, one after the other, and written together.
 */
export class Batch {
  readonly conversations = new Map<string, BatchConversation>();
  readonly events: NewEvent[] = [];
  readonly sends = new Map<string, BatchSend>();
  /** Notifications that are no longer right: of a message that changed, and of what a person has read. */
  readonly changed: EventKey[] = [];
  readonly read: { conversation: string; user_id: string; seq: number }[] = [];
  /** What agents have under way no more. */
  readonly settled: { conversation: string; agent: number; seq: number }[] = [];
  /** Messages that are in their conversations, by conversation and id. */
  readonly known = new Set<string>();
  private readonly messages = new Map<string, BatchMessage>();
  private readonly byId = new Map<string, BatchMessage>();
  private readonly eventsByKey = new Map<string, NewEvent>();

  constructor(readonly parts: BatchParts) {}

  /** Throws `not_found` for everyone but present members of a conversation that is not deleted. */
  present(conversationId: string, identityId: string): Party {
    const party = this.find(conversationId, identityId);
    if (!party || !isPresent(party)) throw noSuchConversation();
    return party;
  }

  find(conversationId: string, identityId: string): Party | undefined {
    const of = this.conversations.get(conversationId);
    const member = of?.members.find(({ identity_id }) => identity_id === identityId);
    if (!of || !member || member.is_erased) return undefined;
    const { epoch, joined_seq, left_seq, left_at, delivered_seq } = member;
    const { last_seq, deleted_at } = of;
    return {
      of,
      member,
      epoch,
      joined_seq,
      left_seq,
      left_at,
      delivered_seq,
      last_seq,
      deleted_at,
    };
  }

  /** The same object for the same message. */
  message(conversation: string, row: MessageRow): BatchMessage {
    const key = keyOf(conversation, row.seq);
    const message = this.messages.get(key) ?? { conversation, row, isChanged: false };
    this.messages.set(key, message);
    this.byId.set(`${conversation} ${row.id}`, message);
    this.known.add(`${conversation} ${row.id}`);
    return message;
  }

  messageOf(conversation: string, id: string): BatchMessage | undefined {
    return this.byId.get(`${conversation} ${id}`);
  }

  isIn(conversation: string, messageId: string): boolean {
    return this.known.has(`${conversation} ${messageId}`);
  }

  addSend(send: BatchSend): void {
    this.sends.set(`${send.sender} ${send.client_id}`, send);
  }
  sent(sender: number, clientId: string): BatchSend | undefined {
    return this.sends.get(`${sender} ${clientId}`);
  }

  /** The event, the conversation's end and its place in its members' listings move together. */
  addEvent(
    { of, member }: Pick<Party, 'of' | 'member'>,
    event: Pick<NewEvent, 'type' | 'message' | 'isMessage'> &
      Partial<Pick<NewEvent, 'isGiven'>> & { data?: object | undefined },
  ): NewEvent {
    const { type, message, isMessage, isGiven = false, data = null } = event;
    const { conversation } = of;
    of.last_seq += 1;
    of.isStamped = true;
    const seq = of.last_seq;
    if (isMessage) {
      of.last_message = seq;
      of.activity = this.parts.activity + this.events.length;
    }
    for (const each of of.members) {
      if (each.left_seq !== null) continue;
      each.pending = true;
      if (!isMessage || each.talks) continue;
      each.talks = true;
      each.isChanged = true;
    }
    const added: NewEvent = {
      conversation,
      seq,
      type,
      actor: member.identity,
      actor_id: member.identity_id,
      at: this.parts.at,
      about: isMessage || !message ? null : message.row.seq,
      data,
      message,
      isMessage,
      isGiven,
    };
    this.events.push(added);
    this.eventsByKey.set(keyOf(conversation, seq), added);
    return added;
  }

  /** An event that the batch has added. */
  added({ conversation, seq }: EventKey): NewEvent | undefined {
    return this.eventsByKey.get(keyOf(conversation, seq));
  }

  changeMessage(message: BatchMessage, patch: Partial<MessageRow>): void {
    message.row = { ...message.row, ...patch };
    message.isChanged = true;
  }

  changedMessages(): BatchMessage[] {
    return [...this.messages.values()].filter(({ isChanged }) => isChanged);
  }
}

/** As whoever reads the log gets it. */
export function toAddedEvent(event: NewEvent, conversationId: string): Event {
  return {
    conversation_id: conversationId,
    seq: event.seq,
    type: event.type,
    actor: toActor(event.actor_id),
    at: event.at,
    ...event.data,
    ...(event.message && { message: toMessage(event.message.row) }),
  } as Event;
}

export function typeNumberOf({ type }: NewEvent): number {
  return numberOf(type);
}
