import { checkChoices, checkQuestions } from './choices';
import type { Entry, LoggedEvent } from './history';

const about = { conversation: 'c', at: 1 };
const agent = { ...about, identity: 'agent', session: 'agent/1', client_id: 'q' };
const person = { ...about, identity: 'ann', attempt: 'phone#1' };
const ask: Entry = { type: 'ask', ...agent };
const again: Entry = { ...ask, session: 'agent/2' };
const answered = (action_id: string | null, session = 'agent/1'): Entry => ({
  ...{ type: 'answered', ...agent, session, action_id },
});
const choose: Entry = { type: 'choose', ...person, client_id: 'q', action_id: 'yes' };
const chosen = (seq: number): Entry => ({ type: 'chosen', ...person, seq });
const unchosen = (code: string): Entry => ({ type: 'unchosen', ...person, code });
const shown = (action_id: string): Entry => ({
  ...{ type: 'choice', ...about, device: 'phone', client_id: 'q', action_id },
});
const event = (action_id: string, seq = 3): LoggedEvent => ({
  ...{ seq, client_id: null, choice: { client_id: 'q', action_id } },
});
const log = (...events: LoggedEvent[]): Entry => ({
  type: 'log',
  conversation: 'c',
  at: 9,
  events,
});
const yes = log(event('yes'));

test.each<[string, Entry[]]>([
  ['asked and answered', [ask, answered('yes'), yes]],
  ['asked again after a restart', [ask, again, answered('yes'), answered('yes', 'agent/2'), yes]],
  [
    'asked again after a restart, which the answer did not survive',
    [ask, again, answered('yes', 'agent/2'), yes],
  ],
])('%s', (_name, history) => {
  expect(checkQuestions(history)).toEqual([]);
});

test.each<[string, Entry[], string]>([
  ['nobody chose', [ask, answered('yes'), log()], 'q was chosen 0 times'],
  [
    'two choices',
    [ask, answered('yes'), log(event('yes'), event('no', 4))],
    'q was chosen 2 times',
  ],
  ['not heard', [ask, yes], 'the agent never heard what was chosen of q'],
  [
    'heard twice',
    [ask, answered('yes'), answered('yes'), yes],
    'agent/1 was answered q once too often',
  ],
  ['another answer', [ask, answered('no'), yes], 'agent/1 was answered no, chosen is yes'],
  ['given up', [ask, answered(null), yes], 'agent/1 was answered null, chosen is yes'],
])('broken: %s', (_name, history, message) => {
  expect(checkQuestions(history).map((each) => each.message)).toContain(message);
});

test.each<[string, Entry[]]>([
  ['the first', [choose, chosen(3), shown('yes'), yes]],
  ['a later one', [choose, unchosen('conflict'), shown('no'), log(event('no'))]],
  ['one whose device was closed', [choose, unchosen('closed'), log()]],
])('chosen: %s', (_name, history) => {
  expect(checkChoices(history)).toEqual([]);
});

test.each<[string, Entry[], string]>([
  ['lost', [choose, chosen(3), log()], 'phone#1 chose yes of q at 3, the log has nothing'],
  ['changed', [choose, chosen(3), log(event('no'))], 'the log has no, at 3'],
  ['moved', [choose, chosen(4), yes], 'phone#1 chose yes of q at 4, the log has yes, at 3'],
  ['hung', [choose, yes], 'phone#1 of q was never answered'],
  ['refused', [choose, unchosen('forbidden'), yes], 'phone#1 of q was refused: forbidden'],
  ['refused for nothing', [choose, unchosen('conflict'), log()], 'and there is none'],
  ['refused for itself', [choose, unchosen('conflict'), yes], 'and there is none'],
  ['shown another', [shown('no'), yes], 'phone was shown no for q, chosen is yes'],
])('broken: %s', (_name, history, message) => {
  expect(
    checkChoices(history)
      .map((each) => each.message)
      .join(),
  ).toContain(message);
});
