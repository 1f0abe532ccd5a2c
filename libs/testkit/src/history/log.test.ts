import type { Entry, LoggedEvent } from './history';
import { checkLog } from './log';

const common = { conversation: 'c', identity: 'ann', at: 0 };

function problems(events: LoggedEvent[], acked: Record<string, number>, sent: string[]): string[] {
  const history: Entry[] = [
    ...sent.map((client_id): Entry => ({ ...common, type: 'send', sender: 'ann/1', client_id })),
    ...Object.entries(acked).map(([client_id, seq]): Entry => ({
      ...common,
      type: 'ack',
      client_id,
      seq,
    })),
    { type: 'log', conversation: 'c', events, at: 9 },
  ];
  return checkLog(history).map(({ message }) => message);
}
const event = (seq: number, client_id: string | null = null): LoggedEvent => ({ seq, client_id });

test('without gaps, with all that was acked, and perhaps with what was not', () => {
  expect(problems([event(1), event(2, 'x'), event(3, 'y')], { x: 2 }, ['x', 'y'])).toEqual([]);
});

test.each([
  ['a gap', [event(1), event(3, 'x')], { x: 3 }, 'event 3 is where 2 should be'],
  ['a beginning that is missing', [event(2, 'x')], { x: 2 }, 'event 2 is where 1 should be'],
  ['a repeated position', [event(1), event(1, 'x')], { x: 1 }, 'event 1 is where 2 should be'],
  [
    'an acked message that is missing',
    [event(1)],
    { x: 2 },
    'x was acked at 2 and is at no position',
  ],
  ['one that is elsewhere', [event(1), event(2, 'x')], { x: 3 }, 'x was acked at 3 and is at 2'],
  [
    'one that is there twice',
    [event(1), event(2, 'x'), event(3, 'x')],
    { x: 2 },
    'x is at 2 and at 3',
  ],
  ['one that nobody sent', [event(1), event(2, 'z')], {}, 'nobody sent z, at 2'],
])('%s', (_name, events, acked, message) => {
  expect(problems(events, acked, ['x'])).toEqual([message]);
});
