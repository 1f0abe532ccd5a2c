import { requested, type NewMessage } from './send-request';

const SENT: NewMessage = {
  identity_id: 'agt_1',
  epoch: 1,
  conversation_id: 'cnv_1',
  client_id: 'one',
  content: 'text',
  metadata: { model: 'm' },
};

test('a message of a kind that always was has the digest that it always had', () => {
  expect(requested(SENT)).toEqual(['cnv_1', 'text', { model: 'm' }, undefined]);
});

test('what a question may be answered with has to be repeated, until when has not', () => {
  const actions = [{ id: 'yes', label: 'Yes' }];
  const asked = requested({ ...SENT, actions });
  expect(asked).toEqual([...requested(SENT), { actions }]);
  const later = { actions_expire_at: '2030-01-01T00:00:00.000Z' };
  expect(requested({ ...SENT, actions, ...later })).toEqual(asked);
});

test('how a stream has ended is part of it', () => {
  const ended = requested({ ...SENT, state: 'failed', error: 'No answer.' });
  expect(ended).toEqual([...requested(SENT), { state: 'failed', error: 'No answer.' }]);
});
