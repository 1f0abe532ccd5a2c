import { createWorld, later, pushOf, refusal, type OpenStore } from './world';

export function describePeople(open: OpenStore): void {
  describe('people, sessions, agents', () => {
    test('a username is taken once, and found with its password hash', async () => {
      const { store } = await createWorld(open);
      const { user_id } = await store.createUser({ username: 'ada', password_hash: 'h1' });
      expect(user_id).toMatch(/^usr_/);
      const taken = await refusal(store.createUser({ username: 'ada', password_hash: 'h2' }));
      expect(taken.code).toBe('conflict');
      expect(await store.findUser({ username: 'ada' })).toEqual({
        user: { user_id, password_hash: 'h1' },
      });
      expect(await store.findUser({ username: 'bob' })).toEqual({ user: null });
    });

    test('a rotated refresh token ends the session of whoever shows it again', async () => {
      const { store, user, clock } = await createWorld(open);
      const user_id = await user();
      const expires_at = later(clock.ms, 1_000);
      const { session_id } = await store.createSession({
        user_id,
        refresh_digest: 'd1',
        expires_at,
      });
      const rotate = (from: string, to: string) =>
        store.rotateSession({ refresh_digest: from, next_digest: to, expires_at });
      expect(await rotate('d1', 'd2')).toEqual({ session_id, user_id });
      expect(await rotate('d2', 'd3')).toEqual({ session_id, user_id });
      expect((await refusal(rotate('unknown', 'x'))).code).toBe('unauthorized');
      expect(await store.authorize({ identity_id: user_id, credential_id: session_id })).toEqual({
        epoch: 0,
      });

      expect((await refusal(rotate('d1', 'd4'))).code).toBe('unauthorized');
      expect((await refusal(rotate('d3', 'd5'))).code).toBe('unauthorized');
      const credential = { identity_id: user_id, credential_id: session_id };
      expect((await refusal(store.authorize(credential))).code).toBe('unauthorized');
    });

    /** A session whose first refresh token is `d1`; `works` tells whether the session lives. */
    async function openSession() {
      const { store, user, clock } = await createWorld(open);
      const user_id = await user();
      const expires_at = later(clock.ms, 1_000_000);
      const created = { user_id, refresh_digest: 'd1', expires_at };
      const { session_id } = await store.createSession(created);
      const rotate = (from: string, to: string) =>
        store.rotateSession({ refresh_digest: from, next_digest: to, expires_at });
      const works = () =>
        store.authorize({ identity_id: user_id, credential_id: session_id }).then(
          () => true,
          () => false,
        );
      return { clock, rotate, works, rotated: { session_id, user_id } };
    }

    test('a refresh whose answer was lost may be repeated for 30 s, as often as it takes', async () => {
      const { clock, rotate, works, rotated } = await openSession();
      expect(await rotate('d1', 'lost-1')).toEqual(rotated);
      clock.ms += 20_000;
      expect(await rotate('d1', 'lost-2')).toEqual(rotated);
      clock.ms += 10_000;
      expect(await rotate('d1', 'd2')).toEqual(rotated);
      expect(await rotate('d2', 'd3')).toEqual(rotated);
      expect(await works()).toBe(true);
      // Counted from the first use: repetitions do not prolong it.
      clock.ms += 30_001;
      expect((await refusal(rotate('d2', 'd4'))).code).toBe('unauthorized');
      expect(await works()).toBe(false);
    });

    test('of the tokens of a repeated refresh, any one goes on; a second one ends the session', async () => {
      const { clock, rotate, works, rotated } = await openSession();
      await rotate('d1', 'd2');
      await rotate('d1', 'overtaken');
      clock.ms += 600_000;
      // The first try, late, was carried out after the repetition: nobody waits for its answer any more.
      expect(await rotate('d2', 'd3')).toEqual(rotated);
      expect(await rotate('d2', 'd4')).toEqual(rotated);
      expect(await works()).toBe(true);
      expect((await refusal(rotate('overtaken', 'd5'))).code).toBe('unauthorized');
      expect(await works()).toBe(false);
      for (const digest of ['d2', 'd3', 'd4']) {
        expect((await refusal(rotate(digest, 'd6'))).code).toBe('unauthorized');
      }
    });

    test('a refresh token is not taken again once its successor was used', async () => {
      const { rotate, works } = await openSession();
      await rotate('d1', 'd2');
      await rotate('d2', 'd3');
      expect((await refusal(rotate('d1', 'd4'))).code).toBe('unauthorized');
      expect(await works()).toBe(false);
    });

    test('an expired session neither rotates nor authorizes', async () => {
      const { store, user, clock } = await createWorld(open);
      const user_id = await user();
      const { session_id } = await store.createSession({
        user_id,
        refresh_digest: 'd1',
        expires_at: later(clock.ms, 1_000),
      });
      clock.ms += 1_000;
      const credential = { identity_id: user_id, credential_id: session_id };
      expect((await refusal(store.authorize(credential))).code).toBe('unauthorized');
      const rotation = { refresh_digest: 'd1', next_digest: 'd2', expires_at: later(clock.ms, 9) };
      expect((await refusal(store.rotateSession(rotation))).code).toBe('unauthorized');
    });

    test('logout revokes, drops the push token it names if it is of that person, and takes unknown tokens', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const { user, agent, ...talk } = await world.talk();
      const other = await world.user();
      const token = await world.device(user);
      const foreign = await world.device(other);
      const expires_at = later(clock.ms, 1_000);
      const created = { user_id: user, refresh_digest: 'd1', expires_at };
      const { session_id } = await store.createSession(created);
      await world.send({ user, agent, ...talk }, agent, 'hi');

      const unknown = await store.endSession({ refresh_digest: 'unknown', push_token: token });
      expect(unknown).toEqual({ ended: null });
      const state = pushOf({ user, agent, ...talk });
      expect((await store.pushState(state)).push).not.toBeNull();

      const { ended } = await store.endSession({ refresh_digest: 'd1', push_token: foreign });
      expect(ended).toEqual({ identity_id: user, credential_id: session_id });
      await store.endSession({ refresh_digest: 'd1', push_token: token });
      expect((await store.pushState(state)).push).toBeNull();
      const theirs = await world.talk({ user: other, agent });
      await world.send(theirs, agent, 'hi');
      expect((await store.pushState(pushOf(theirs))).push).not.toBeNull();
      const credential = { identity_id: user, credential_id: session_id };
      expect((await refusal(store.authorize(credential))).code).toBe('unauthorized');
    });

    test('agents are listed page by page, each once, and found by id and key', async () => {
      const { store, agent } = await createWorld(open);
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) ids.push(await agent());
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.listAgents({ limit: 2, cursor });
        expect(page.agents.length).toBeLessThanOrEqual(2);
        seen.push(...page.agents.map(({ id }) => id));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(ids.sort());
      expect((await refusal(store.listAgents({ limit: 2, cursor: '%%' }))).code).toBe(
        'invalid_payload',
      );
      expect((await refusal(store.getAgent({ agent_id: 'agt_none' }))).code).toBe('not_found');

      const created = await store.createAgent({ name: 'Ada', key_id: 'k9', key_hash: 'h9' });
      expect(await store.getAgent({ agent_id: created.id })).toEqual(created);
      expect(created).toMatchObject({ name: 'Ada', description: null, model: null });
      expect(await store.findAgentKey({ key_id: 'k9' })).toEqual({
        key: { agent_id: created.id, key_hash: 'h9' },
      });
      expect(await store.findAgentKey({ key_id: 'none' })).toEqual({ key: null });
    });
  });
}
