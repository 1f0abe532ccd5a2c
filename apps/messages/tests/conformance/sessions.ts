import { LIMITS } from '@agent-messenger/contracts';
import {
  BY,
  byUser,
  createWorld,
  later,
  pushOf,
  refusal,
  refusals,
  type OpenStore,
  type World,
} from './world';

export function describeSessions(open: OpenStore): void {
  describe('sessions', () => {
    const nothing = { session: null, ended: [] };

    /** A session whose first refresh token is `d1`; `works` tells whether the session lives. */
    async function openSession() {
      const world = await createWorld(open);
      const { store, clock } = world;
      const user_id = await world.user();
      const by = byUser(user_id);
      const expires_at = later(clock.ms, 1_000_000);
      const created = await store.createSession({ user_id, refresh_digest: 'd1', expires_at, by });
      const { session_id } = created;
      const credential = { identity_id: user_id, credential_id: session_id };
      const rotate = (from: string, to: string) =>
        store.rotateSession({ refresh_digest: from, next_digest: to, expires_at, by });
      const works = () =>
        store.authorize(credential).then(
          () => true,
          () => false,
        );
      const rotated = { session: { session_id, user_id }, ended: [] };
      const reused = { session: null, ended: [credential] };
      return { world, clock, rotate, works, rotated, reused, credential };
    }

    test('a rotated refresh token ends the session of whoever shows it again', async () => {
      const { rotate, works, rotated, reused } = await openSession();
      expect(await rotate('d1', 'd2')).toEqual(rotated);
      expect(await rotate('d2', 'd3')).toEqual(rotated);
      expect(await rotate('unknown', 'x')).toEqual(nothing);
      expect(await works()).toBe(true);

      expect(await rotate('d1', 'd4')).toEqual(reused);
      expect(await works()).toBe(false);
      for (const digest of ['d1', 'd2', 'd3']) expect(await rotate(digest, 'd5')).toEqual(nothing);
    });

    test('the sessions of a person are listed, newest first, and ended all at once', async () => {
      const { world, clock, rotate, works, credential } = await openSession();
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

    test('a refresh whose answer was lost may be repeated for 30 s, as often as it takes', async () => {
      const { clock, rotate, works, rotated, reused } = await openSession();
      expect(await rotate('d1', 'lost-1')).toEqual(rotated);
      clock.ms += 20_000;
      expect(await rotate('d1', 'lost-2')).toEqual(rotated);
      clock.ms += 10_000;
      expect(await rotate('d1', 'd2')).toEqual(rotated);
      expect(await rotate('d2', 'd3')).toEqual(rotated);
      expect(await works()).toBe(true);
      // Counted from the first use: repetitions do not prolong it.
      clock.ms += 30_001;
      expect(await rotate('d2', 'd4')).toEqual(reused);
      expect(await works()).toBe(false);
    });

    test('of the tokens of a repeated refresh each goes on by itself; one that is used twice ends the session', async () => {
      const { clock, rotate, works, rotated, reused } = await openSession();
      await rotate('d1', 'a1');
      await rotate('d1', 'b1');
      clock.ms += 600_000;
      expect(await rotate('a1', 'a2')).toEqual(rotated);
      expect(await rotate('b1', 'b2')).toEqual(rotated);
      // Both may have to ask again, whichever used a token last.
      expect(await rotate('a1', 'a2 again')).toEqual(rotated);
      expect(await rotate('b1', 'b2 again')).toEqual(rotated);
      expect(await rotate('a2', 'a3')).toEqual(rotated);
      expect(await rotate('b2 again', 'b3')).toEqual(rotated);
      expect(await works()).toBe(true);
      expect(await rotate('a1', 'a4')).toEqual(reused);
      expect(await works()).toBe(false);
      for (const digest of ['a3', 'b2', 'b3']) expect(await rotate(digest, 'd6')).toEqual(nothing);
    });

    test('a token that was handed out and not used goes on while others of its session are used', async () => {
      const { clock, rotate, works, rotated, reused } = await openSession();
      await rotate('d1', 'other tab');
      await rotate('d1', 'a0');
      for (let n = 0; n < 200; n += 1) {
        clock.ms += 1_000;
        expect(await rotate(`a${n}`, `a${n + 1}`)).toEqual(rotated);
      }
      expect(await rotate('other tab', 'b1')).toEqual(rotated);
      expect(await works()).toBe(true);
      // So old that nothing is known of it: no effect.
      expect(await rotate('a1', 'x')).toEqual(nothing);
      expect(await rotate('a190', 'x')).toEqual(reused);
    });

    test('a refresh token is not taken again once its successor was used', async () => {
      const { rotate, works, reused } = await openSession();
      await rotate('d1', 'd2');
      await rotate('d2', 'd3');
      expect(await rotate('d1', 'd4')).toEqual(reused);
      expect(await works()).toBe(false);
    });

    test('an expired session neither rotates nor authorizes', async () => {
      const { clock, rotate, works } = await openSession();
      clock.ms += 1_000_000;
      expect(await works()).toBe(false);
      expect(await rotate('d1', 'd2')).toEqual(nothing);
    });

    test('one session more than a person may have ends the oldest', async () => {
      const { world, works, credential } = await openSession();
      const user = credential.identity_id;
      for (let n = 1; n < LIMITS.sessionsPerPerson; n += 1) {
        world.clock.ms += 1;
        await world.session(user);
      }
      expect(await works()).toBe(true);
      world.clock.ms += 1;
      const { ended, session_id } = await world.store.createSession({
        user_id: user,
        refresh_digest: 'one-more',
        expires_at: later(world.clock.ms, 1_000),
        by: byUser(user),
      });
      expect(ended).toEqual([credential]);
      expect(session_id).not.toBe(credential.credential_id);
      expect(await works()).toBe(false);
      const { sessions } = await world.store.getUser({ user_id: user });
      expect(sessions).toBe(LIMITS.sessionsPerPerson);
    });

    test('at the cap the session that is unused for longest makes room, not the oldest', async () => {
      const { world, rotate, works, credential } = await openSession();
      const user = credential.identity_id;
      world.clock.ms += 1;
      const unused = await world.session(user);
      for (let n = 2; n < LIMITS.sessionsPerPerson; n += 1) {
        world.clock.ms += 1;
        await world.session(user);
      }
      expect((await rotate('d1', 'd2')).session).not.toBeNull();
      world.clock.ms += 1;
      const { ended } = await world.store.createSession({
        user_id: user,
        refresh_digest: 'one-more',
        expires_at: later(world.clock.ms, 1_000),
        by: byUser(user),
      });
      expect(ended).toEqual([{ identity_id: user, credential_id: unused }]);
      expect(await works()).toBe(true);
    });

    /** The person logs in until it has as many sessions as it may, and once more; who makes room. */
    async function logInOnceMore(
      world: World,
      user_id: string,
      { stepMs = 1, connected }: { stepMs?: number; connected?: string } = {},
    ) {
      const { sessions } = await world.store.getUser({ user_id });
      for (let n = sessions; n < LIMITS.sessionsPerPerson; n += 1) {
        world.clock.ms += stepMs;
        await world.session(user_id);
      }
      world.clock.ms += stepMs;
      const { session_id, ended } = await world.store.createSession({
        user_id,
        refresh_digest: `once more ${world.clock.ms}`,
        expires_at: later(world.clock.ms, 3_600_000),
        by: byUser(user_id),
        ...(connected !== undefined && { connected_session_id: connected }),
      });
      return { session_id, ended: ended.map(({ credential_id }) => credential_id) };
    }

    test('the session that holds the connection makes no room, however many log in and do nothing', async () => {
      const { world, works, credential } = await openSession();
      const { identity_id: user, credential_id: connected } = credential;
      await world.store.connect({ ...credential, epoch: 1, counterparts: 0 });
      const next = await world.session(user);
      expect((await logInOnceMore(world, user, { connected })).ended).toEqual([next]);
      for (let n = 0; n < LIMITS.sessionsPerPerson; n += 1) {
        const { ended } = await logInOnceMore(world, user, { connected });
        expect(ended).toHaveLength(1);
      }
      expect(await works()).toBe(true);
      // When it is connected no more, it is the one that is unused for longest.
      expect((await logInOnceMore(world, user)).ended).toEqual([connected]);
    });

    test('a session is used by who connects with it', async () => {
      const { world, works, credential } = await openSession();
      const user = credential.identity_id;
      const unused = await world.session(user);
      const connect = (epoch: number) =>
        world.store.connect({ ...credential, epoch, counterparts: 0 });
      const lastUsed = async () => {
        const { sessions } = await world.store.listSessions({ user_id: user, limit: 200 });
        const own = sessions.find(({ id }) => id === credential.credential_id);
        return Date.parse(own?.last_used_at ?? '');
      };
      world.clock.ms += 1_000;
      await connect(1);
      expect(await lastUsed()).toBe(world.clock.ms);
      expect((await logInOnceMore(world, user)).ended).toEqual([unused]);
      expect(await works()).toBe(true);

      // Once it is the newest, only the time is told less exactly: each connect of it would cost a row.
      world.clock.ms += 1;
      await connect(2);
      const noted = await lastUsed();
      world.clock.ms += 599_999;
      await connect(3);
      expect(await lastUsed()).toBe(noted);
      world.clock.ms += 1;
      await connect(4);
      expect(await lastUsed()).toBe(world.clock.ms);
    });

    test('a clock that is set back changes nothing about who makes room', async () => {
      const { world, rotate, credential } = await openSession();
      const { identity_id: user, credential_id: first } = credential;
      const second = await world.session(user);
      const third = await world.session(user);
      world.clock.ms -= 3_600_000;
      const steps = { stepMs: -1 };
      // What is used after the clock was set back is used last.
      await rotate('d1', 'd2');
      const connect = { identity_id: user, epoch: 1, counterparts: 0 };
      await world.store.connect({ ...connect, credential_id: second });
      const { session_id, ended } = await logInOnceMore(world, user, steps);
      expect(ended).toEqual([third]);
      expect((await logInOnceMore(world, user, steps)).ended).toEqual([first]);
      expect((await logInOnceMore(world, user, steps)).ended).toEqual([second]);
      const made = { identity_id: user, credential_id: session_id };
      expect(await world.store.authorize(made)).toEqual({ epoch: 1 });
    });

    test('logout revokes, drops the push token it names if it is of that person, and takes unknown tokens', async () => {
      const { world, works, credential } = await openSession();
      const { store } = world;
      const talk = await world.talk({ user: credential.identity_id });
      const { user, agent } = talk;
      const other = await world.user();
      const token = await world.device(user);
      const foreign = await world.device(other);
      await world.send(talk, agent, 'hi');
      const end = (refresh_digest: string, push_token: string) =>
        store.endSession({ refresh_digest, push_token, everywhere: false, by: byUser(user) });

      expect(await end('unknown', token)).toEqual({ ended: [] });
      expect((await store.pushState(pushOf(talk))).push).not.toBeNull();
      expect(await works()).toBe(true);

      expect(await end('d1', foreign)).toEqual({ ended: [credential] });
      expect(await works()).toBe(false);
      // Whoever asks again has had no answer: it is told the same.
      expect(await end('d1', token)).toEqual({ ended: [credential] });
      expect((await store.pushState(pushOf(talk))).push).toBeNull();
      const theirs = await world.talk({ user: other, agent });
      await world.send(theirs, agent, 'hi');
      expect((await store.pushState(pushOf(theirs))).push).not.toBeNull();
    });

    test('logout everywhere ends all sessions and drops all devices of the person', async () => {
      const { world, works, credential, rotate } = await openSession();
      const { store } = world;
      const user = credential.identity_id;
      const second = await world.session(user);
      const stranger = await world.user();
      const foreign = { identity_id: stranger, credential_id: await world.session(stranger) };
      for (const device of ['phone', 'tablet']) await world.device(user, device);
      await world.device(stranger);
      const everywhere = { refresh_digest: 'd1', everywhere: true, by: byUser(user) };

      const { ended } = await store.endSession(everywhere);
      expect(ended).toHaveLength(2);
      expect(ended).toEqual(
        expect.arrayContaining([credential, { identity_id: user, credential_id: second }]),
      );
      expect(await works()).toBe(false);
      expect(await rotate('d1', 'd2')).toEqual(nothing);
      const [ada, bob] = [user, stranger].map((user_id) => store.getUser({ user_id }));
      expect(await ada).toMatchObject({ sessions: 0, devices: 0 });
      expect(await bob).toMatchObject({ sessions: 1, devices: 1 });
      expect(await store.authorize(foreign)).toEqual({ epoch: 0 });

      // A token that was revoked ends nothing any more: it may be in other hands.
      const third = { identity_id: user, credential_id: await world.session(user) };
      expect(await store.endSession(everywhere)).toEqual({ ended: [credential] });
      expect(await store.authorize(third)).toEqual({ epoch: 0 });
    });

    test('logout everywhere with a token that was used ends its own session and no other', async () => {
      const { world, rotate, works, rotated, credential } = await openSession();
      const user = credential.identity_id;
      const other = { identity_id: user, credential_id: await world.session(user) };
      expect(await rotate('d1', 'd2')).toEqual(rotated);
      const everywhere = { refresh_digest: 'd1', everywhere: true, by: byUser(user) };
      expect(await world.store.endSession(everywhere)).toEqual({ ended: [credential] });
      expect(await works()).toBe(false);
      expect(await rotate('d2', 'd3')).toEqual(nothing);
      expect(await world.store.authorize(other)).toEqual({ epoch: 0 });
    });

    test('a token that has run out ends nothing', async () => {
      const { world, clock, credential } = await openSession();
      const user = credential.identity_id;
      const longer = { refresh_digest: 'longer', expires_at: later(clock.ms, 2_000_000) };
      const { session_id } = await world.store.createSession({ user_id: user, ...longer, by: BY });
      const other = { identity_id: user, credential_id: session_id };
      clock.ms += 1_000_000;
      const everywhere = { refresh_digest: 'd1', everywhere: true, by: BY };
      expect((await world.store.endSession(everywhere)).ended).not.toContainEqual(other);
      expect(await world.store.authorize(other)).toEqual({ epoch: 0 });
    });

    test('sessions that have ended or run out do not pile up', async () => {
      const { world, clock, credential } = await openSession();
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
      const { world, credential, clock } = await openSession();
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
