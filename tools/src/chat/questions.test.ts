import type { Message } from '@agent-messenger/sdk';
import { messageLines } from './message-lines';
import { Questions } from './questions';

const question = (seq: number, more: Partial<Message> = {}) =>
  ({
    id: `msg_${seq}`,
    seq,
    content: 'Delete 3 files?',
    actions: [
      { id: 'approve', label: 'Delete them' },
      { id: 'deny', label: 'Keep them' },
    ],
    ...more,
  }) as Message;
const choice = {
  action_id: 'deny',
  by: { kind: 'user', id: 'usr_1' },
  at: '2026-01-01T00:00:00.000Z',
} as const;

it('a number is an action of the newest question that is open', () => {
  const questions = new Questions();
  expect(questions.pick('1')).toBeUndefined();
  questions.note(question(2));
  questions.note(question(3));
  expect(questions.pick('2')).toMatchObject({ question: { seq: 3 }, action: { id: 'deny' } });
  for (const text of ['0', '3', '9', '1.', 'deny', '']) {
    expect(questions.pick(text)).toBeUndefined();
  }
  questions.note(question(3, { choice }));
  expect(questions.pick('1')).toMatchObject({ question: { seq: 2 }, action: { id: 'approve' } });
  questions.note({ id: 'msg_2', content: null } as Message);
  expect(questions.pick('1')).toBeUndefined();
});

it('nothing is picked of what has expired or was closed', () => {
  const questions = new Questions();
  questions.note(question(2));
  questions.note(question(3, { actions_expire_at: '2020-01-01T00:00:00.000Z' }));
  expect(questions.pick('1')).toMatchObject({ question: { seq: 2 } });
  questions.close(question(2));
  expect(questions.pick('1')).toBeUndefined();
});

it.each<[string, Partial<Message>, string[]]>([
  ['a text', { content: 'Hello' }, ['Ada: Hello']],
  ['what was deleted', { content: null }, ['Ada: (deleted)']],
  ['a failure', { content: '', state: 'failed', error: 'No model.' }, ['* Ada failed: No model.']],
  [
    'an interruption',
    { content: 'Hel', state: 'interrupted' },
    ['Ada: Hel', '* Ada was interrupted'],
  ],
  ['a question', question(2), ['Ada: Delete 3 files?', '  1  Delete them', '  2  Keep them']],
  ['an answered one', question(2, { choice }), ['Ada: Delete 3 files?', '* chosen: Keep them']],
])('%s in lines', (_what, message, lines) => {
  expect(messageLines(message as Message, 'Ada').split('\n')).toEqual(lines);
});
