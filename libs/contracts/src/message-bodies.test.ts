import { sendBodySchema, sendSchema } from './message-bodies';

const BODY = { client_id: 'c', content: 'hello' };
const YES = { id: 'yes', label: 'Yes', style: 'primary' };
const NO = { id: 'no', label: 'No' };
const AT = '2026-11-29T12:00:00.000Z';

/** Which fields are to blame; empty when it is accepted. */
function refusedFor(more: object): string[] {
  const fields = (result: ReturnType<typeof sendSchema.safeParse>) =>
    result.error?.issues.map(({ path }) => path.join('.')) ?? [];
  const found = fields(sendSchema.safeParse({ conversation_id: 'cnv_1', ...BODY, ...more }));
  expect(fields(sendBodySchema.safeParse({ ...BODY, ...more }) as never)).toEqual(found);
  return found;
}

test.each([
  ['a text', {}, []],
  ['no text', { content: '' }, ['content']],
  ['a failure with text', { state: 'failed', error: 'No answer.' }, []],
  ['a failure without text', { content: '', state: 'failed', error: 'No answer.' }, []],
  ['a failure without a reason', { state: 'failed' }, ['error']],
  ['a reason without a failure', { error: 'No answer.' }, ['state']],
  ['an empty reason', { state: 'failed', error: ' ' }, ['error']],
  ['too long a reason', { state: 'failed', error: 'x'.repeat(201) }, ['error']],
  ['actions', { actions: [YES, NO], actions_expire_at: AT }, []],
  ['no actions', { actions: [] }, ['actions']],
  [
    'too many actions',
    { actions: Array.from('123456789', (id) => ({ id, label: id })) },
    ['actions'],
  ],
  ['two actions with one id', { actions: [YES, { ...NO, id: 'yes' }] }, ['actions']],
  ['an id with a space', { actions: [{ ...YES, id: 'y s' }] }, ['actions.0.id']],
  ['a label of nothing', { actions: [{ ...YES, label: '\u200b' }] }, ['actions.0.label']],
  ['a label of two lines', { actions: [{ ...YES, label: 'a\nb' }] }, ['actions.0.label']],
  ['too long a label', { actions: [{ ...YES, label: 'x'.repeat(81) }] }, ['actions.0.label']],
  ['a style that is none', { actions: [{ ...YES, style: 'loud' }] }, ['actions.0.style']],
  ['an expiry of nothing', { actions_expire_at: AT }, ['actions_expire_at']],
  ['no time of expiry', { actions: [YES], actions_expire_at: 'soon' }, ['actions_expire_at']],
  [
    'a day that is none',
    { actions: [YES], actions_expire_at: '2026-02-30T12:00:00Z' },
    ['actions_expire_at'],
  ],
  ['another state', { state: 'interrupted', error: 'No answer.' }, ['state']],
])('%s', (_what, more, blamed) => {
  expect(refusedFor(more)).toEqual(blamed);
});

test.each(['2026-11-29T13:00:00+01:00', '2026-11-29T12:00:00.000000Z', AT])(
  'an expiry at %s is told in UTC with milliseconds',
  (actions_expire_at) => {
    const asked = sendBodySchema.parse({ ...BODY, actions: [YES], actions_expire_at });
    expect(asked.actions_expire_at).toBe(AT);
  },
);
