import type { Conversation } from '@agent-messenger/sdk/browser';
import { filtered } from './filter';

function conversation(id: string, more: Partial<Conversation> = {}): Conversation {
  return {
    id,
    title: null,
    created_at: '2026-01-01T00:00:00.000Z',
    members: [{ id: 'agt_1', kind: 'agent', name: 'Doktor Müller', delivered_seq: 0, read_seq: 0 }],
    last_seq: 1,
    last_message: null,
    unread_count: 0,
    delivered_seq: 0,
    read_seq: 0,
    muted: false,
    archived: false,
    tags: [],
    ...more,
  };
}
const ids = (list: readonly Conversation[]) => list.map(({ id }) => id);

const all = [
  conversation('cnv_1'),
  conversation('cnv_2', { title: 'Steuern 2026', unread_count: 3 }),
  conversation('cnv_3', { tags: ['Urlaub'], archived: true }),
];

it('keeps the archived apart', () => {
  expect(ids(filtered(all, 'all', ''))).toEqual(['cnv_1', 'cnv_2']);
  expect(ids(filtered(all, 'archived', ''))).toEqual(['cnv_3']);
});

it('shows what is unread', () => {
  expect(ids(filtered(all, 'unread', ''))).toEqual(['cnv_2']);
});

it('finds all words in titles, names and tags, whatever their case and accents', () => {
  expect(ids(filtered(all, 'all', 'muller'))).toEqual(['cnv_1', 'cnv_2']);
  expect(ids(filtered(all, 'all', 'MÜLLER steu'))).toEqual(['cnv_2']);
  expect(ids(filtered(all, 'archived', 'urlaub'))).toEqual(['cnv_3']);
  expect(ids(filtered(all, 'all', 'urlaub'))).toEqual([]);
});
