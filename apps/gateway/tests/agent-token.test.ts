import { problemSchema } from '@agent-messenger/contracts';
import type { Harness, TestGateway } from './harness';
import { AGENT, API_KEY, startHarness } from './harness';

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  harness.store.revoked.add('ses_gone');
});
afterAll(() => harness.close());

/** The status, and the code of a refusal. */
async function exchange(credential: string) {
  const answer = await fetch(`${gateway.url}/auth/agent/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}` },
  });
  const body: unknown = await answer.json();
  return [answer.status, answer.ok ? undefined : problemSchema.parse(body).code];
}

test('an API key is what it is for', async () => {
  expect(await exchange(API_KEY)).toEqual([200, undefined]);
  expect(await exchange('amk_key1_Wrong')).toEqual([401, 'unauthorized']);
});

test.each(['usr_1', AGENT])('a valid token of %s is of the wrong kind', async (id) => {
  expect(await exchange(harness.token(id))).toEqual([403, 'forbidden']);
});

test('what is neither, or has ended, is unauthorized', async () => {
  const gone = harness.token('usr_1', { credentialId: 'ses_gone' });
  const forged = `${harness.token('usr_1').slice(0, -8)}AAAAAAAA`;
  for (const credential of [gone, forged, harness.token('usr_1', { ttlSeconds: -60 }), 'garbage'])
    expect(await exchange(credential)).toEqual([401, 'unauthorized']);
});
