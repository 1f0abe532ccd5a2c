import type { Message, StreamView, Unsent } from '@agent-messenger/sdk/browser';
import { Rows, type RowsInput } from './rows';

const NOW = new Date('2026-06-01T12:00:00Z');
const SELF = 'usr_1';

beforeEach(() => void jest.useFakeTimers({ now: NOW }));
afterEach(() => void jest.useRealTimers());

function message(by: string, at: string, client_id = at): Message {
  return { id: `msg_${at}`, seq: 2, sender: { id: by }, client_id, created_at: at } as Message;
}
function rowsOf(input: Partial<RowsInput>): Rows {
  const nothing = { messages: [], unsent: [], streams: [], hasOlder: false, hasNewer: false };
  return new Rows({ ...nothing, selfId: SELF, ...input });
}
const unsent = { client_id: 'new', content: '', written_at: NOW.toISOString() } as Unsent;
const stream = { agent_id: 'agt_1', stream_id: 'new', text: '' } as StreamView;

// What is before it, and whether the row begins a day or a group.
it.each([
  ['nothing', [], true, true],
  ['one of the same sender', ['same', '2026-06-01T11:58:00Z'], false, false],
  ['one of the same sender, long ago', ['same', '2026-06-01T10:00:00Z'], false, true],
  ['one of the same sender, yesterday', ['same', '2026-05-31T10:00:00Z'], true, true],
  ['one of another sender', ['usr_2', '2026-06-01T11:58:00Z'], false, true],
] as const)(
  'a row is as high as that of the message which it becomes, after %s',
  (_name, [by, at], startsDay, startsGroup) => {
    const before = (sender: string) =>
      by === undefined ? [] : [message(by === 'same' ? sender : by, at)];
    for (const [sender, soon] of [
      [SELF, { unsent: [unsent] }],
      ['agt_1', { streams: [stream] }],
    ] as const) {
      const index = before(sender).length;
      const messages = [...before(sender), message(sender, NOW.toISOString(), 'new')];
      const sent = rowsOf({ messages }).at(index)!;
      const waiting = rowsOf({ messages: before(sender), ...soon }).at(index)!;
      expect(sent).toMatchObject({ kind: 'message', startsDay, startsGroup });
      const { key } = sent;
      expect(waiting).toMatchObject({ key, startsDay, startsGroup });
    }
  },
);

it('what has become a message has no second row; what another one sent under the same id has its own', () => {
  const sent = [
    message(SELF, NOW.toISOString(), 'new'),
    message('agt_1', NOW.toISOString(), 'new'),
  ];
  const both = { unsent: [unsent], streams: [stream] };
  expect(rowsOf({ messages: sent, ...both })).toHaveLength(2);
  const others = [message('usr_2', NOW.toISOString(), 'new')];
  expect(rowsOf({ messages: others, ...both })).toHaveLength(3);
});
