import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { startCredentialCheck } from '../src/connections/credential-check';
import { connectionOf, silent } from './fakes';
import type { Harness } from './harness';
import { AGENT, startHarness } from './harness';

const harnesses: Harness[] = [];
afterAll(() => Promise.all(harnesses.map((harness) => harness.close())));

/** A store with one gateway, which asks once in the life of a lease: one that a busy machine renews in time. */
async function start() {
  const harness = await startHarness();
  harnesses.push(harness);
  const gateway = await harness.gateway({ LEASE_TTL_MS: '4000' });
  const person = (identityId: string, credentialId: string) =>
    harness
      .socket(gateway, '/client', { token: harness.token(identityId, { credentialId }) })
      .synced();
  /** So many connections have been asked about in one round that began since. */
  const checked = async (count: number) => {
    const before = harness.store.checks.length;
    await waitFor(() => harness.store.checks.slice(before).includes(count));
  };
  return { harness, gateway, person, checked };
}

// Each waits for several rounds: at the same time.
test.concurrent(
  'a connection ends when its credential has, although nobody told this gateway',
  async () => {
    const { harness, gateway, person, checked } = await start();
    const [revoked, other] = [await person('usr_1', 'ses_one'), await person('usr_2', 'ses_two')];
    const agent = await harness.agent(gateway);
    await checked(3);
    expect(await revoked.raw('nope')).toMatchObject({ error: { code: 'not_found' } });

    harness.store.revoked.add('ses_one');
    await revoked.disconnected();
    expect(revoked.all('closing')).toEqual([{ code: 'revoked', reconnect: false }]);
    await checked(2);
    for (const one of [other, agent]) {
      expect(await one.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
    }

    // As a key that has run out, which no one revoked.
    harness.store.revoked.add('key1');
    await agent.disconnected();
    expect(agent.all('closing')).toEqual([{ code: 'revoked', reconnect: false }]);
    harness.store.revoked.clear();
    const again = await harness.agent(gateway);
    expect(again.all('connected')).toMatchObject([{ identity: { id: AGENT } }]);
  },
);

test.concurrent('a store that is away ends nothing, and is asked again', async () => {
  const { harness, gateway, person } = await start();
  const socket = await person('usr_3', 'ses_three');
  harness.store.failures = 2;
  await waitFor(() => harness.store.failures === 0);
  expect(await socket.raw('nope')).toMatchObject({ error: { code: 'not_found' } });
  harness.store.revoked.add('ses_three');
  await socket.disconnected();
  expect(socket.all('closing')).toEqual([{ code: 'revoked', reconnect: false }]);
  const warnings = gateway.lines.filter(({ msg }) => msg === 'credentials not checked');
  expect(warnings).toHaveLength(1);
});

test('many connections are asked about in turns, each once a round', async () => {
  const parts = Array.from({ length: 2_500 }, (_, n) => connectionOf({ identityId: `usr_${n}` }));
  const asked: string[][] = [];
  let invalid: string[] = [];
  const scope = new Scope(silent);
  startCredentialCheck(scope, {
    messages: {
      checkCredentials({ credentials }) {
        asked.push(credentials.map(({ identity_id }) => identity_id));
        return Promise.resolve({ invalid });
      },
    },
    connections: { all: () => parts.map(({ connection }) => connection) },
    everyMs: 20,
    log: silent,
  });
  await waitFor(() => asked.length >= 3);
  expect(asked.slice(0, 3).map((ids) => ids.length)).toEqual([1_000, 1_000, 500]);
  expect(new Set(asked.slice(0, 3).flat()).size).toBe(2_500);

  invalid = ['credential'];
  await waitFor(() => parts.every(({ connection }) => connection.isClosed));
  expect(parts[0]?.live.closes).toEqual(['stay_away']);
  await scope.close();
});

test('who connects between two rounds is asked about in the next one', async () => {
  const all = [connectionOf({ identityId: 'usr_early' }).connection];
  const asked: string[][] = [];
  const scope = new Scope(silent);
  startCredentialCheck(scope, {
    messages: {
      checkCredentials({ credentials }) {
        asked.push(credentials.map(({ identity_id }) => identity_id));
        // The round is over by then, and the next one is waited for.
        setImmediate(() => {
          if (asked.length === 1) all.push(connectionOf({ identityId: 'usr_late' }).connection);
        });
        return Promise.resolve({ invalid: [] });
      },
    },
    connections: { all: () => [...all] },
    everyMs: 20,
    log: silent,
  });
  await waitFor(() => asked.length >= 2);
  expect(asked.slice(0, 2)).toEqual([['usr_early'], ['usr_early', 'usr_late']]);
  await scope.close();
});
