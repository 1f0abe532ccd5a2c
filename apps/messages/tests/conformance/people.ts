import {
  BY,
  byUser,
  createWorld,
  later,
  pushOf,
  readAll,
  refusal,
  type OpenStore,
  type World,
} from './world';

export function describePeople(open: OpenStore): void {
  describe('people', () => {
    const authorizes = (world: World, identity_id: string, credential_id: string) =>
      world.store.authorize({ identity_id, credential_id }).then(
        () => true,
        () => false,
      );

    test('a username is taken once, and found with its password hash, as is the id', async () => {
      const { store } = await createWorld(open);
      const ada = { username: 'ada', password_hash: 'h1', by: BY };
      const { user_id } = await store.createUser(ada);
      expect(user_id).toMatch(/^usr_/);
      const taken = await refusal(store.createUser({ ...ada, password_hash: 'h2' }));
      expect(taken.code).toBe('conflict');
      const found = { user: { user_id, password_hash: 'h1', disabled: false } };
      expect(await store.findUser({ username: 'ada' })).toEqual(found);
      expect(await store.findUser({ user_id })).toEqual(found);
      expect(await store.findUser({ username: 'bob' })).toEqual({ user: null });
      expect(await store.findUser({ user_id: 'usr_none' })).toEqual({ user: null });
    });

    test('operators see a person with what it has, as it is now', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const created_at = new Date(clock.ms).toISOString();
      const { user_id } = await store.createUser({ username: 'ada', password_hash: 'h', by: BY });
      const nothing = {
        id: user_id,
        username: 'ada',
        created_at,
        last_connected_at: null,
        disabled_at: null,
        sessions: 0,
        devices: 0,
        conversations: 0,
      };
      expect(await store.getUser({ user_id })).toEqual(nothing);

      const credential_id = await world.session(user_id);
      await world.session(user_id);
      await world.device(user_id);
      const talks = [await world.talk({ user: user_id }), await world.talk({ user: user_id })];
      const conversation_id = talks[0]?.conversation ?? '';
      await store.deleteConversation({ identity_id: user_id, conversation_id });
      await store.connect({ identity_id: user_id, credential_id, epoch: 1, counterparts: 0 });
      const some = {
        ...nothing,
        last_connected_at: created_at,
        sessions: 2,
        devices: 1,
        conversations: 1,
      };
      expect(await store.getUser({ user_id })).toEqual(some);
      clock.ms += 3_600_000;
      expect(await store.getUser({ user_id })).toEqual({ ...some, sessions: 0 });
      expect((await refusal(store.getUser({ user_id: 'usr_none' }))).code).toBe('not_found');
      const agent_id = talks[0]?.agent ?? '';
      expect((await refusal(store.getUser({ user_id: agent_id }))).code).toBe('not_found');
    });

    test('people are listed page by page, each once, or the one of a username', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) ids.push(await world.user());
      await world.agent();
      const pages = await readAll(async (cursor) => {
        const { users, next_cursor } = await store.listUsers({ limit: 2, cursor });
        return { items: users, next_cursor };
      });
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      expect(pages.flat().map(({ id }) => id)).toEqual(ids.sort());

      const first = await store.getUser({ user_id: ids[0] ?? '' });
      const asked = { limit: 9, username: first.username };
      expect(await store.listUsers(asked)).toEqual({ users: [first], next_cursor: null });
      const nobody = await store.listUsers({ limit: 9, username: 'nobody' });
      expect(nobody).toEqual({ users: [], next_cursor: null });
      expect((await refusal(store.listUsers({ limit: 2, cursor: '%%' }))).code).toBe(
        'invalid_payload',
      );
    });

    test('a new password ends all sessions but the one it was changed from, and drops the devices', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      const { user } = talk;
      const [own, other] = [await world.session(user), await world.session(user)];
      const stranger = await world.user();
      const foreign = await world.session(stranger);
      await world.device(user);
      await world.send(talk, talk.agent, 'hi');

      const changed = await store.updateUser({
        user_id: user,
        password_hash: 'new',
        keep_session_id: own,
        by: byUser(user),
      });
      expect(changed.ended).toEqual([{ identity_id: user, credential_id: other }]);
      expect(changed.user).toMatchObject({ id: user, sessions: 1, devices: 0 });
      expect((await store.findUser({ user_id: user })).user?.password_hash).toBe('new');
      expect(await authorizes(world, user, own)).toBe(true);
      expect(await authorizes(world, user, other)).toBe(false);
      expect(await authorizes(world, stranger, foreign)).toBe(true);
      expect(await store.pushState(pushOf(talk))).toEqual({ push: null });

      for (const session of [other, foreign, 'none']) {
        const change = { user_id: user, password_hash: 'late', keep_session_id: session };
        const late = await refusal(store.updateUser({ ...change, by: byUser(user) }));
        expect(late.code).toBe('unauthorized');
      }
      expect((await store.findUser({ user_id: user })).user?.password_hash).toBe('new');
      expect(await authorizes(world, user, own)).toBe(true);

      const reset = await store.updateUser({ user_id: user, password_hash: 'x', by: BY });
      expect(reset.ended).toEqual([{ identity_id: user, credential_id: own }]);
    });

    test('of changes that confirmed the same password one is made', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const { user_id } = await store.createUser({ username: 'ada', password_hash: 'h', by: BY });
      const keep_session_id = await world.session(user_id);
      const done = await Promise.allSettled(
        ['a', 'b', 'c'].map((password_hash) =>
          store.updateUser({
            ...{ user_id, password_hash, keep_session_id, confirmed_hash: 'h' },
            by: byUser(user_id),
          }),
        ),
      );
      const refused = done.filter(({ status }) => status === 'rejected');
      expect(refused).toEqual(
        [1, 2].map(() =>
          expect.objectContaining({
            reason: expect.objectContaining({ code: 'unauthorized' }) as unknown,
          }),
        ),
      );
      const made = ['a', 'b', 'c'][done.findIndex(({ status }) => status === 'fulfilled')];
      expect((await store.findUser({ user_id })).user?.password_hash).toBe(made);
    });

    test('who is disabled has no session and gets none, until it is enabled again', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const user_id = await world.user();
      const keep_session_id = await world.session(user_id);
      const disabled_at = new Date(clock.ms).toISOString();
      const disable = { user_id, disabled: true, by: BY };
      const { ended, user } = await store.updateUser({ ...disable, keep_session_id });
      expect(ended).toEqual([{ identity_id: user_id, credential_id: keep_session_id }]);
      expect(user).toMatchObject({ disabled_at, sessions: 0 });
      expect((await store.findUser({ user_id })).user?.disabled).toBe(true);
      expect((await refusal(world.session(user_id))).code).toBe('unauthorized');
      clock.ms += 1;
      const again = await store.updateUser(disable);
      expect(again).toMatchObject({ ended: [], user: { disabled_at } });

      const enabled = await store.updateUser({ user_id, disabled: false, by: BY });
      expect(enabled).toMatchObject({ ended: [], user: { disabled_at: null } });
      expect(await authorizes(world, user_id, keep_session_id)).toBe(false);
      expect(await authorizes(world, user_id, await world.session(user_id))).toBe(true);
      const unknown = store.updateUser({ user_id: 'usr_none', disabled: true, by: BY });
      expect((await refusal(unknown)).code).toBe('not_found');
    });

    test('a session is for the password that was compared, whose hash can be renewed with it', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const { user_id } = await store.createUser({ username: 'ada', password_hash: 'h1', by: BY });
      const expires_at = later(clock.ms, 3_600_000);
      const open_ = (refresh_digest: string, password: { hash: string; rehash?: string }) =>
        store.createSession({ user_id, refresh_digest, expires_at, password, by: BY });
      await open_('r1', { hash: 'h1' });
      await open_('r2', { hash: 'h1', rehash: 'h2' });
      expect((await store.findUser({ user_id })).user?.password_hash).toBe('h2');
      // Compared before the change, opened after it.
      expect((await refusal(open_('r3', { hash: 'h1' }))).code).toBe('unauthorized');
      await open_('r4', { hash: 'h2' });
      expect((await store.getUser({ user_id })).sessions).toBe(3);
    });

    test('a session is for a person that exists', async () => {
      const world = await createWorld(open);
      for (const user_id of ['usr_none', await world.agent()]) {
        const session = { user_id, refresh_digest: 'd', expires_at: later(world.clock.ms, 9) };
        const refused = await refusal(world.store.createSession({ ...session, by: BY }));
        expect(refused.code).toBe('unauthorized');
      }
    });
  });
}
