import { LIMITS } from '@agent-messenger/contracts';
import { openSession } from './open-session';
import { byUser, later, type OpenStore, type World } from './world';

export function describeSessionCap(open: OpenStore): void {
  describe('sessions at the cap', () => {
    test('one session more than a person may have ends the oldest', async () => {
      const { world, works, credential } = await openSession(open);
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
      const { world, rotate, works, credential } = await openSession(open);
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

    test('the session that holds the connection makes no room, however many log in and do nothing', async () => {
      const { world, works, credential } = await openSession(open);
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
      const { world, works, credential } = await openSession(open);
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
      const { world, rotate, credential } = await openSession(open);
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
  });
}

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
