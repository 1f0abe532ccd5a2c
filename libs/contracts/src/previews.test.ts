import { LIMITS } from './limits';
import { eventSchema, type Event, type Message } from './objects';
import { briefEvent, previewOf, truncatedEvent, withoutReactedMessage } from './previews';
import { byteLength } from './text';

const actor = { kind: 'user', id: 'usr_1' } as const;
const message: Message = {
  id: 'msg_1',
  conversation_id: 'cnv_1',
  seq: 2,
  updated_seq: 2,
  sender: actor,
  client_id: 'c',
  content: 'hello',
  reactions: [{ emoji: '👍', identity_ids: ['usr_1'] }],
  created_at: '2026-01-01T00:00:00.000Z',
};
const base = { conversation_id: 'cnv_1', seq: 3, actor, at: '2026-01-01T00:00:00.000Z' };
const reaction = { message_id: 'msg_1', emoji: '👍', identity_id: 'usr_1', set: true };

test('a preview is the beginning in whole characters, without metadata', () => {
  expect(previewOf(message)).toBe(message);
  expect(previewOf({ ...message, metadata: { a: 1 } })).toEqual({ ...message, truncated: true });
  for (const [char, count] of [
    ['x', 1_024],
    ['é', 512],
    ['€', 341],
    ['😀', 256],
    ['\u0001', 1_024],
  ] as const) {
    const preview = previewOf({ ...message, content: `${char.repeat(2_000)}` });
    expect(preview).toEqual({ ...message, content: char.repeat(count), truncated: true });
  }
  const mixed = previewOf({ ...message, content: `a${'😀'.repeat(400)}` }).content ?? '';
  expect(mixed).toBe(`a${'😀'.repeat(255)}`);
  expect(byteLength(mixed)).toBeLessThanOrEqual(LIMITS.previewBytes);
  const tombstone = { ...message, content: null };
  expect(previewOf(tombstone)).toBe(tombstone);
});

test('a preview of a question can be answered', () => {
  const question = {
    ...message,
    actions: [{ id: 'yes', label: 'Yes' }],
    actions_expire_at: '2026-01-02T00:00:00.000Z',
    choice: { action_id: 'yes', by: actor, at: '2026-01-01T12:00:00.000Z' },
  };
  expect(previewOf({ ...question, content: 'x'.repeat(2_000) })).toEqual({
    ...question,
    content: 'x'.repeat(1_024),
    truncated: true,
  });
});

test('a compact reaction says what changed, all else is whole', () => {
  const reacted: Event = { ...base, type: 'reaction.set', reaction, message };
  const compact = { ...base, type: 'reaction.set', reaction };
  expect(withoutReactedMessage(reacted)).toEqual(compact);
  expect(briefEvent(reacted)).toEqual(compact);
  expect(eventSchema.parse(compact)).toEqual(compact);
  const created: Event = { ...base, type: 'message.created', message };
  expect(withoutReactedMessage(created)).toBe(created);
  expect(briefEvent(created)).toBe(created);
});

test('a truncated event says where the whole is', () => {
  const large = { ...message, content: 'x'.repeat(5_000) };
  const cut = {
    message: { ...message, content: 'x'.repeat(1_024), truncated: true },
    truncated: true,
    fetch: '/conversations/cnv_1/events?after_seq=2&limit=1',
  };
  const edited: Event = { ...base, type: 'message.edited', message: large };
  expect(truncatedEvent(edited)).toEqual({ ...edited, ...cut });
  const reacted: Event = { ...base, type: 'reaction.set', reaction, message: large };
  expect(truncatedEvent(reacted)).toEqual({ ...reacted, ...cut });
  expect(eventSchema.parse(truncatedEvent(edited))).toEqual({ ...edited, ...cut });
});
