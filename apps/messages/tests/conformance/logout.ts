import { NO_SESSION, openSession } from './open-session';
import { BY, byUser, later, pushOf, type OpenStore } from './world';

export function describeLogout(open: OpenStore): void {
  describe('logout', () => {
    test('logout revokes, drops the push token it names if it is of that person, and takes unknown tokens', async () => {
      const { world, works, credential } = await openSession(open);
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
      const { world, works, credential, rotate } = await openSession(open);
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
      expect(await rotate('d1', 'd2')).toEqual(NO_SESSION);
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
      const { world, rotate, works, rotated, credential } = await openSession(open);
      const user = credential.identity_id;
      const other = { identity_id: user, credential_id: await world.session(user) };
      expect(await rotate('d1', 'd2')).toEqual(rotated);
      const everywhere = { refresh_digest: 'd1', everywhere: true, by: byUser(user) };
      expect(await world.store.endSession(everywhere)).toEqual({ ended: [credential] });
      expect(await works()).toBe(false);
      expect(await rotate('d2', 'd3')).toEqual(NO_SESSION);
      expect(await world.store.authorize(other)).toEqual({ epoch: 0 });
    });

    test('a token that has run out ends nothing', async () => {
      const { world, clock, credential } = await openSession(open);
      const user = credential.identity_id;
      const longer = { refresh_digest: 'longer', expires_at: later(clock.ms, 2_000_000) };
      const { session_id } = await world.store.createSession({ user_id: user, ...longer, by: BY });
      const other = { identity_id: user, credential_id: session_id };
      clock.ms += 1_000_000;
      const everywhere = { refresh_digest: 'd1', everywhere: true, by: BY };
      expect((await world.store.endSession(everywhere)).ended).not.toContainEqual(other);
      expect(await world.store.authorize(other)).toEqual({ epoch: 0 });
    });
  });
}
