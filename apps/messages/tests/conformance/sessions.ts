import { LIMITS } from '@agent-messenger/contracts';
import { NO_SESSION, openSession } from './open-session';
import { BY, byUser, later, refusal, refusals, type OpenStore } from './world';

export function describeSessions(open: OpenStore): void {
  describe('sessions', () => {
    test('the sessions of a person are listed, newest first, and ended all at once', async () => {
      const { world, clock, rotate, works, credential } = await openSession(open);
      const { store } = world;
      const { identity_id: user_id, credential_id: first } = credential;
      clock.ms += 1_000;
      const rotatedAt = new Date(clock.ms).toISOString();
      await rotate('d1', 'd2');
      clock.ms += 1_000;
      const by = byUser(user_id);
      const expires_at = later(clock.ms, 5_000);
      const next = { user_id, refresh_digest: 'e1', expires_at, by };
      const { session_id: second } = await store.createSession(next);
      const at = new Date(clock.ms).toISOString();

      const page = await store.listSessions({ user_id, limit: 1 });
      expect(page.sessions).toEqual([{ id: second, created_at: at, last_used_at: at, expires_at }]);
      const cursor = page.next_cursor ?? '';
      const rest = await store.listSessions({ user_id, limit: 1, cursor });
      expect(rest).toMatchObject({
        sessions: [{ id: first, last_used_at: rotatedAt }],
        next_cursor: null,
      });
      // One that has run out has ended.
      clock.ms += 5_000;
      expect((await store.listSessions({ user_id, limit: 9 })).sessions).toHaveLength(1);

      const { ended } = await store.endSessions({ user_id, by: BY });
      expect(ended.map(({ credential_id }) => credential_id)).toContain(first);
      expect(await works()).toBe(false);
      expect(await store.listSessions({ user_id, limit: 9 })).toEqual({
        sessions: [],
        next_cursor: null,
      });
      for (const refused of await refusals([
        store.listSessions({ user_id: 'usr_none', limit: 1 }),
        store.endSessions({ user_id: 'usr_none', by: BY }),
      ])) {
        expect(refused.code).toBe('not_found');
      }
    });

    test('an expired session neither rotates nor authorizes', async () => {
      const { clock, rotate, works } = await openSession(open);
      clock.ms += 1_000_000;
      expect(await works()).toBe(false);
      expect(await rotate('d1', 'd2')).toEqual(NO_SESSION);
    });

    test('sessions that have ended or run out do not pile up', async () => {
      const { world, clock, credential } = await openSession(open);
      const { store } = world;
      const user_id = credential.identity_id;
      const by = byUser(user_id);
      const kept = async () => {
        const { records } = await store.exportUser({ user_id, limit: 999, by });
        return records.filter(({ type }) => type === 'session').length;
      };
      for (let n = 0; n < 150; n += 1) {
        const session = { user_id, refresh_digest: `r${n}`, expires_at: later(clock.ms, 1_000) };
        await store.createSession({ ...session, by });
        await store.endSession({ refresh_digest: `r${n}`, everywhere: false, by });
      }
      expect(await kept()).toBe(2 + LIMITS.sessionsPerPerson);
      clock.ms += 1_000;
      await world.session(user_id);
      expect(await kept()).toBe(2);
    });

    test('credentials are checked many at once; what is revoked, expired, foreign or unknown is told', async () => {
      const { world, credential, clock } = await openSession(open);
      const { store } = world;
      const user = credential.identity_id;
      const [agent, disabled, deleted] = [
        await world.agent(),
        await world.user(),
        await world.agent(),
      ];
      const keyOf = async (agent_id: string) =>
        (await store.listAgentKeys({ agent_id, limit: 1 })).keys[0]?.key_id ?? '';
      const good = [credential, { identity_id: agent, credential_id: await keyOf(agent) }];
      const short = { agent_id: agent, key_id: 'short', key_hash: 'h', name: 'k', overlap_s: 0 };
      await store.createAgentKey({ ...short, expires_at: later(clock.ms, 1_000), by: BY });
      await store.createAgentKey({ ...short, key_id: 'revoked', expires_at: null, by: BY });
      const last = await store.createSession({
        user_id: user,
        refresh_digest: 'last',
        expires_at: later(clock.ms, 1_000_000),
        by: BY,
      });
      const bad = [
        { identity_id: agent, credential_id: 'short' },
        { identity_id: agent, credential_id: 'revoked' },
        { identity_id: disabled, credential_id: await world.session(disabled) },
        { identity_id: deleted, credential_id: await keyOf(deleted) },
        { identity_id: user, credential_id: last.session_id },
      ];
      const foreign = { identity_id: disabled, credential_id: credential.credential_id };
      const check = async (credentials: typeof bad) =>
        (await store.checkCredentials({ credentials })).invalid;
      expect(await check([...good, ...bad])).toEqual([]);

      const ids = bad.map(({ credential_id }) => credential_id);
      await store.revokeAgentKey({ agent_id: agent, key_id: 'revoked', by: BY });
      await store.updateUser({ user_id: disabled, disabled: true, by: BY });
      await store.deleteAgent({ agent_id: deleted, by: BY });
      await store.endSession({ refresh_digest: 'last', everywhere: false, by: BY });
      clock.ms += 1_000;
      expect(await check([...good, ...bad])).toEqual(ids);
      expect(await check([foreign, { identity_id: 'usr_none', credential_id: 'x' }])).toEqual([
        credential.credential_id,
        'x',
      ]);
      for (const each of bad) {
        expect((await refusal(store.authorize(each))).code).toBe('unauthorized');
        const connect = store.connect({ ...each, epoch: 1, counterparts: 0 });
        expect((await refusal(connect)).code).toBe('unauthorized');
      }
    });
  });
}
