import { rest } from '@agent-messenger/testkit';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';

/** Of a token that runs out in a test, s: what comes before takes a slow machine less. */
const SHORT_S = 5;

let harness: Harness;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());

const connect = async (identityId: string, ttlSeconds: number) => {
  const token = harness.token(identityId, { ttlSeconds });
  return harness.socket(gateway, '/client', { token }).synced();
};

// Each waits for the end of a token: at the same time.
test.concurrent('a connection does not outlive its token', async () => {
  const socket = await connect('usr_1', SHORT_S);
  const reason = await socket.disconnected();
  expect(socket.all('closing')).toEqual([{ code: 'token_expired', reconnect: true }]);
  // The engine was closed, not the namespace: a client reconnects.
  expect(reason).toBe('transport close');
});

test.concurrent('a newer token of the same identity keeps it open', async () => {
  const socket = await connect('usr_2', SHORT_S);
  const madeAt = Date.now();
  const token = harness.token('usr_2', { ttlSeconds: 60 });
  const answer = await socket.request('auth:refresh', { token });
  expect(answer).toMatchObject({ ok: true });
  const passedS = (Date.now() - madeAt) / 1_000;
  const expires_in = answer.ok ? answer.expires_in : 0;
  // In whole seconds, of a token that was made in whole seconds.
  expect(expires_in).toBeGreaterThanOrEqual(58 - passedS);
  expect(expires_in).toBeLessThanOrEqual(60);
  // What is not refreshed is closed, later than the other would have been.
  const later = await connect('usr_3', SHORT_S);
  await later.disconnected();
  expect(await socket.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
});

test('a token that is not valid or of somebody else changes nothing', async () => {
  const socket = await connect('usr_4', 60);
  for (const [token, code] of [
    ['garbage', 'unauthorized'],
    [harness.token('usr_5'), 'forbidden'],
    [harness.token(AGENT), 'forbidden'],
    // Of the same person, but its logout would not end this connection.
    [harness.token('usr_4', { credentialId: 'ses_other' }), 'forbidden'],
  ] as const) {
    expect(await socket.request('auth:refresh', { token })).toMatchObject({
      ok: false,
      error: { code },
    });
  }
  expect(await socket.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
});

test.concurrent(
  'a token of its own session that has been revoked keeps it open no longer',
  async () => {
    const own = { credentialId: 'ses_revoked' };
    const token = harness.token('usr_6', { ...own, ttlSeconds: SHORT_S });
    const socket = await harness.socket(gateway, '/client', { token }).synced();
    harness.store.revoked.add(own.credentialId);
    const longer = harness.token('usr_6', { ...own, ttlSeconds: 60 });
    expect(await socket.request('auth:refresh', { token: longer })).toMatchObject({
      ok: false,
      error: { code: 'unauthorized' },
    });
    await socket.disconnected();
    expect(socket.all('closing')).toEqual([{ code: 'token_expired', reconnect: true }]);
  },
);

test('logout ends the connection of its session, on whichever gateway, and no other', async () => {
  const other = await harness.gateway();
  const socket = await connect('usr_9', 60);
  const logout = (session: string) =>
    rest(other.url, 'POST', '/auth/logout', { body: { refresh_token: `usr_9 ${session}` } });

  expect((await logout('ses_of_another_device')).status).toBe(204);
  expect(await socket.raw('nope')).toMatchObject({ error: { code: 'not_found' } });

  expect((await logout('ses_1')).status).toBe(204);
  expect(await socket.disconnected()).toMatch(/already|io server disconnect/);
  expect(socket.all('closing')).toEqual([{ code: 'revoked', reconnect: false }]);
});
