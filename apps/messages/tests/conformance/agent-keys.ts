import { LIMITS } from '@agent-messenger/contracts';
import { BY, createWorld, later, readAll, refusal, type OpenStore, type World } from './world';

export function describeAgentKeys(open: OpenStore): void {
  describe('keys of an agent', () => {
    const MINUTE_MS = 60_000;

    /** An agent with its first key, `first`. */
    async function withAgent() {
      const world = await createWorld(open);
      const { store } = world;
      const first = { key_id: 'first', key_hash: 'hash-first' };
      const { id } = await store.createAgent({ name: 'Ada', ...first, by: BY });
      return {
        world,
        store,
        agent_id: id,
        async create(key_id: string, more: object = {}) {
          const { key, ended } = await store.createAgentKey({
            agent_id: id,
            key_id,
            key_hash: `hash-${key_id}`,
            name: `name of ${key_id}`,
            expires_at: null,
            overlap_s: 3_600,
            by: BY,
            ...more,
          });
          expect(ended).toEqual([]);
          return key;
        },
        /** Another key in the place of this one, which is not to go on; what ends with it. */
        replaceAtOnce: async (key_id: string, replaces: string) =>
          (
            await store.createAgentKey({
              agent_id: id,
              key_id,
              key_hash: `hash-${key_id}`,
              name: 'key',
              expires_at: null,
              replaces,
              overlap_s: 0,
              by: BY,
            })
          ).ended,
        revoke: (key_id: string, agent_id = id) =>
          store.revokeAgentKey({ agent_id, key_id, by: BY }),
        keys: async () => (await store.listAgentKeys({ agent_id: id, limit: 99 })).keys,
        key: async (key_id: string) => {
          const { keys } = await store.listAgentKeys({ agent_id: id, limit: 99 });
          return keys.find((key) => key.key_id === key_id);
        },
      };
    }
    const time = (world: World, by = 0) => later(world.clock.ms, by);

    test('have a name, a hash that no list shows, and an agent', async () => {
      const { world, store, agent_id, create, keys } = await withAgent();
      const created = await create('second', { expires_at: time(world, 5_000) });
      expect(created).toEqual({
        key_id: 'second',
        name: 'name of second',
        created_at: time(world),
        last_used_at: null,
        expires_at: time(world, 5_000),
        revoked_at: null,
      });
      expect(await keys()).toEqual([
        created,
        { ...created, key_id: 'first', name: 'key', expires_at: null },
      ]);
      expect(await store.findAgentKey({ key_id: 'second' })).toEqual({
        key: { agent_id, key_hash: 'hash-second', expires_at: time(world, 5_000) },
      });
      expect(await store.findAgentKey({ key_id: 'none' })).toEqual({ key: null });
      const foreign = create('third', { agent_id: 'agt_none' });
      expect((await refusal(foreign)).code).toBe('not_found');
      const past = create('third', { expires_at: time(world) });
      expect((await refusal(past)).code).toBe('invalid_payload');
      expect(await keys()).toHaveLength(2);
    });

    test('are listed newest first, page by page, each once', async () => {
      const { world, store, agent_id, create } = await withAgent();
      const expected = ['first'];
      for (const key_id of ['b', 'c', 'a', 'd']) {
        world.clock.ms += 1;
        await create(key_id);
        expected.unshift(key_id);
      }
      const pages = await readAll(async (cursor) => {
        const { keys, next_cursor } = await store.listAgentKeys({ agent_id, limit: 2, cursor });
        return { items: keys, next_cursor };
      });
      expect(pages.map((page) => page.map(({ key_id }) => key_id))).toEqual([
        expected.slice(0, 2),
        expected.slice(2, 4),
        expected.slice(4),
      ]);
      const garbage = store.listAgentKeys({ agent_id, limit: 2, cursor: 'x' });
      expect((await refusal(garbage)).code).toBe('invalid_payload');
    });

    test('their use is noted once a minute', async () => {
      const { world, store, key } = await withAgent();
      const lastUse = async () => (await key('first'))?.last_used_at;
      const first = time(world);
      await store.findAgentKey({ key_id: 'first' });
      expect(await lastUse()).toBe(first);
      world.clock.ms += MINUTE_MS - 1;
      await store.findAgentKey({ key_id: 'first' });
      expect(await lastUse()).toBe(first);
      world.clock.ms += 1;
      await store.findAgentKey({ key_id: 'first' });
      expect(await lastUse()).toBe(time(world));
    });

    test('that are revoked or have run out are not found, and neither authorize nor connect', async () => {
      const { world, store, agent_id, create, revoke, key } = await withAgent();
      await create('short', { expires_at: time(world, 1_000) });
      const credential = (key_id: string) => ({ identity_id: agent_id, credential_id: key_id });
      expect(await store.authorize(credential('short'))).toEqual({ epoch: 0 });
      expect(await store.authorize(credential('first'))).toEqual({ epoch: 0 });

      expect(await revoke('first')).toEqual({ ended: [credential('first')] });
      const revoked_at = time(world);
      world.clock.ms += 1_000;
      // Again: whoever asks again has had no answer.
      expect(await revoke('first')).toEqual({ ended: [credential('first')] });
      expect(await key('first')).toMatchObject({ revoked_at, last_used_at: null });
      expect((await refusal(revoke('none'))).code).toBe('not_found');
      const other = await world.agent();
      expect((await refusal(revoke('short', other))).code).toBe('not_found');
      for (const key_id of ['first', 'short']) {
        expect(await store.findAgentKey({ key_id })).toEqual({ key: null });
        const connect = { ...credential(key_id), epoch: 1, counterparts: 0 };
        expect((await refusal(store.authorize(credential(key_id)))).code).toBe('unauthorized');
        expect((await refusal(store.connect(connect))).code).toBe('unauthorized');
      }
    });

    test('rotate with an overlap: the old one goes on for so long at most', async () => {
      const { world, store, create, key } = await withAgent();
      const works = async (key_id: string) => (await store.findAgentKey({ key_id })).key !== null;
      const second = await create('second', { replaces: 'first', overlap_s: 60 });
      expect(second.expires_at).toBeNull();
      expect(await key('first')).toMatchObject({ expires_at: time(world, MINUTE_MS) });
      world.clock.ms += MINUTE_MS - 1;
      expect([await works('first'), await works('second')]).toEqual([true, true]);
      world.clock.ms += 1;
      expect([await works('first'), await works('second')]).toEqual([false, true]);

      // An earlier end stays; a longer overlap prolongs nothing.
      await create('third', { expires_at: time(world, 5_000) });
      await create('fourth', { replaces: 'third', overlap_s: 3_600 });
      expect(await key('third')).toMatchObject({ expires_at: time(world, 5_000) });
    });

    test('rotate without an overlap: the old one is revoked, and ends', async () => {
      const { world, store, agent_id, create, replaceAtOnce, key } = await withAgent();
      const first = { identity_id: agent_id, credential_id: 'first' };
      const epoch = (await store.authorize(first)).epoch + 1;
      await store.connect({ ...first, epoch, counterparts: 0 });
      expect(await replaceAtOnce('second', 'first')).toEqual([first]);
      const revoked_at = time(world);
      expect(await key('first')).toMatchObject({ revoked_at });
      expect(await store.findAgentKey({ key_id: 'first' })).toEqual({ key: null });
      expect((await refusal(store.authorize(first))).code).toBe('unauthorized');
      expect((await store.findAgentKey({ key_id: 'second' })).key).not.toBeNull();
      // Again: whoever asks again has had no answer.
      world.clock.ms += 1_000;
      expect(await replaceAtOnce('third', 'first')).toEqual([first]);
      expect(await key('first')).toMatchObject({ revoked_at });
      const { entries } = await store.listAudit({ identity_id: agent_id, limit: 9 });
      expect(entries.map(({ action, target }) => [action, target]).reverse()).toEqual([
        ['agent.create', agent_id],
        ['key.revoke', 'first'],
        ['key.create', 'second'],
        ['key.create', 'third'],
      ]);
      // What has an overlap ends nobody: `create` expects that.
      await create('fourth', { replaces: 'second', overlap_s: 1 });
    });

    test('only a key of the same agent can be replaced', async () => {
      const { world, store, create, keys } = await withAgent();
      const foreign = { key_id: 'foreign', key_hash: 'h' };
      await store.createAgent({ name: 'Bob', ...foreign, by: BY });
      for (const replaces of ['foreign', 'none']) {
        expect((await refusal(create('second', { replaces }))).code).toBe('not_found');
      }
      expect(await keys()).toHaveLength(1);
      world.clock.ms += 4_000_000;
      expect((await store.findAgentKey({ key_id: 'foreign' })).key).not.toBeNull();
    });

    test('are bounded in number; what is revoked or has run out makes room', async () => {
      const { world, create, replaceAtOnce, revoke, keys } = await withAgent();
      for (let n = 1; n < LIMITS.keysPerAgent; n += 1) {
        await create(`k${n}`, n === 1 ? { expires_at: time(world, 1_000) } : {});
      }
      const refused = await refusal(create('more', { replaces: 'k2' }));
      expect(refused.code).toBe('conflict');
      // The refused rotation has changed nothing.
      expect((await keys()).find(({ key_id }) => key_id === 'k2')?.expires_at).toBeNull();
      await revoke('first');
      await create('after-revocation');
      expect((await refusal(create('more'))).code).toBe('conflict');
      world.clock.ms += 1_000;
      await create('after-expiry');
      await replaceAtOnce('in-its-place', 'k2');
      expect((await refusal(create('more'))).code).toBe('conflict');
    });
  });
}
