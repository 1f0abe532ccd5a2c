import fc from 'fast-check';
import type { Action, Conversation, Event, Message, Problem } from '../src';
import {
  conversationSchema,
  ERROR_STATUS,
  eventSchema,
  messageSchema,
  problemSchema,
  serverEvents,
} from '../src';

const at = '2026-07-01T12:00:00.000Z';
const user = { kind: 'user', id: 'usr_1' } as const;
const members = [
  { ...user, name: 'ann' },
  { kind: 'agent', id: 'agt_1', name: 'Echo' },
] as const;

const texts = fc.string({ unit: 'grapheme' });
const seqs = fc.integer({ min: 1, max: 2 ** 40 });
const messages: fc.Arbitrary<Message> = fc
  .record(
    {
      content: fc.option(texts),
      seq: seqs,
      updated_seq: seqs,
      metadata: fc.dictionary(
        texts.filter((key) => key !== '__proto__'),
        texts,
      ),
      reply_to: fc.constant('msg_2'),
      edited_at: fc.constant(at),
      deleted_at: fc.constant(at),
      state: fc.constantFrom('interrupted' as const, 'failed' as const),
      actions: fc.constant<Action[]>([
        { id: 'yes', label: 'Yes', style: 'primary' },
        { id: 'no', label: 'No' },
      ]),
      actions_expire_at: fc.constant(at),
      choice: fc.constant({ action_id: 'yes', by: user, at }),
    },
    { requiredKeys: ['content', 'seq', 'updated_seq'] },
  )
  .map((part) => ({
    id: 'msg_1',
    conversation_id: 'cnv_1',
    sender: user,
    client_id: 'c-1',
    reactions: [{ emoji: '👍', identity_ids: ['usr_1'] }],
    created_at: at,
    ...part,
  }));

const shared = { id: 'cnv_1', title: null, created_at: at, members: [...members] };
const events: fc.Arbitrary<Event> = fc
  .tuple(
    seqs,
    messages,
    fc.constantFrom(...eventSchema.options.flatMap(({ shape }) => shape.type.options)),
  )
  .map(([seq, message, type]) => {
    const base = { conversation_id: 'cnv_1', seq, actor: user, at };
    const reaction = { message_id: 'msg_1', emoji: '👍', identity_id: 'usr_1', set: true };
    switch (type) {
      case 'conversation.created':
      case 'conversation.updated':
      case 'conversation.deleted':
        return { ...base, type, conversation: shared };
      case 'member.added':
      case 'member.removed':
        return { ...base, type, member: members[1] };
      case 'message.created':
      case 'message.edited':
      case 'message.deleted':
      case 'action.chosen':
        return { ...base, type, message };
      case 'reaction.set':
        return { ...base, type, reaction, message };
    }
  });

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

it('brings a message over the wire as it is', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(messageSchema.parse(overTheWire(message))).toEqual(message);
    }),
  );
});

it('brings an event over the wire as it is', () => {
  fc.assert(
    fc.property(events, (event) => {
      expect(serverEvents.event.parse(overTheWire(event))).toEqual(event);
    }),
  );
});

it('brings a conversation over the wire as it is', () => {
  fc.assert(
    fc.property(messages, fc.nat(), (last_message, position) => {
      const conversation: Conversation = {
        ...shared,
        last_seq: last_message.seq,
        last_message,
        unread_count: position,
        delivered_seq: position,
        read_seq: position,
        muted: false,
        archived: true,
        tags: ['work'],
        members: members.map((member) => ({ ...member, delivered_seq: 0, read_seq: position })),
      };
      expect(conversationSchema.parse(overTheWire(conversation))).toEqual(conversation);
    }),
  );
});

it('brings a problem over the wire as it is', () => {
  const codes = Object.keys(ERROR_STATUS) as (keyof typeof ERROR_STATUS)[];
  for (const code of codes) {
    const problem: Problem = {
      type: 'about:blank',
      title: code,
      status: ERROR_STATUS[code],
      code,
      detail: 'why',
      retry_after_ms: 0,
    };
    expect(problemSchema.parse(overTheWire(problem))).toEqual(problem);
  }
});

it('ignores what a later version adds to an object, and its positions stay exact', () => {
  fc.assert(
    fc.property(events, (event) => {
      expect(eventSchema.parse({ ...event, added_later: 1 })).toEqual(event);
    }),
  );
});
