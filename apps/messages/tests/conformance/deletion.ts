import {
  catchUp,
  changeOf,
  createWorld,
  entriesOf,
  pushesOf,
  pushOf,
  refusal,
  refusals,
  sendOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

const DAY_MS = 24 * 3_600_000;

export function describeDeletion(open: OpenStore): void {
  describe('a deleted conversation', () => {
    const remove = (world: World, talk: Talk, identity_id = talk.user) =>
      world.store.deleteConversation({ identity_id, conversation_id: talk.conversation });
    const read = (world: World, talk: Talk, after_seq: number | null, identity_id = talk.user) =>
      world.store.readLog({
        identity_id,
        epoch: null,
        conversation_id: talk.conversation,
        after_seq,
        limit: 9,
      });
    const list = (world: World, identity_id: string, since?: string) =>
      world.store.listConversations({ identity_id, limit: 9, since });
    const pending = async (world: World, identity_id: string) =>
      (await world.store.listPending({ identity_id, limit: 9 })).pending;
    async function purge(world: World): Promise<void> {
      while (await world.store.purge());
    }
    /** Three messages, seq 2 to 4, of which the person has received the first. */
    async function talkWithNews(world: World): Promise<Talk> {
      const talk = await world.talk({ title: 'A talk' });
      for (const content of ['one', 'two', 'three']) await world.send(talk, talk.agent, content);
      await world.move('received', talk, talk.user, 2);
      return talk;
    }

    test('is deleted by the person only, once', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      expect((await refusal(remove(world, talk, talk.agent))).code).toBe('forbidden');
      expect((await refusal(remove(world, talk, await world.user()))).code).toBe('not_found');
      expect(await remove(world, talk)).toEqual({});
      expect((await refusal(remove(world, talk))).code).toBe('not_found');
    });

    test.each(['before', 'after'])(
      'ends with an event that every member can read, from wherever it stands, %s the purge',
      async (when) => {
        const world = await createWorld(open);
        const talk = await talkWithNews(world);
        await remove(world, talk);
        if (when === 'after') await purge(world);
        for (const [identity_id, after_seq] of [
          [talk.user, null],
          [talk.user, 0],
          [talk.user, 2],
          [talk.agent, 4],
        ] as const) {
          const page = await read(world, talk, after_seq, identity_id);
          expect(page).toMatchObject({ after_seq: 4, last_seq: 5, has_more: false });
          expect(page.events).toEqual([
            {
              conversation_id: talk.conversation,
              seq: 5,
              type: 'conversation.deleted',
              actor: { kind: 'user', id: talk.user },
              at: new Date(world.clock.ms).toISOString(),
              conversation: {
                id: talk.conversation,
                title: null,
                created_at: new Date(world.clock.ms).toISOString(),
                members: expect.any(Array),
              },
            },
          ]);
        }
        expect((await read(world, talk, 5)).events).toEqual([]);
        expect((await refusal(read(world, talk, 0, await world.user()))).code).toBe('not_found');
      },
    );

    test.each(['before', 'after'])('is not found by anything else, %s the purge', async (when) => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'mine');
      const send = sendOf(talk, talk.user, { client_id: 'again' });
      await world.append(send);
      await remove(world, talk);
      if (when === 'after') await purge(world);
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      for (const refused of await refusals([
        store.getConversation(ids),
        store.listMessages({ ...ids, limit: 9 }),
        store.listMembers(ids),
        store.updateConversation({ ...ids, title: 'x' }),
      ])) {
        expect(refused).toMatchObject({
          code: 'not_found',
          message: 'No such conversation.',
        });
      }
      for (const operation of [
        send,
        changeOf(talk, talk.user, id, { op: 'edit', content: 'x' }),
        { op: 'read', epoch: null, seq: 3, ...ids },
      ]) {
        expect(await world.append(operation)).toMatchObject({ error: { code: 'not_found' } });
      }
      expect(await store.counterparts({ identity_id: talk.user, ids: [talk.agent] })).toEqual({
        ids: [],
      });
    });

    test('gives back the client ids of its messages, and its own when it is forgotten', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const [user, agent] = [await world.user(), await world.agent()];
      const begin = () =>
        store.createConversation({ user_id: user, agent_id: agent, client_id: 'c' });
      const { conversation } = await begin();
      const talk = { conversation: conversation.id, user, agent };
      const other = await world.talk({ user, agent });
      await world.append(sendOf(talk, user, {}));
      await remove(world, talk);
      const again = () => world.append(sendOf(other, user, {}));
      expect(await again()).toMatchObject({ error: { code: 'conflict' } });
      await purge(world);
      expect(await again()).toMatchObject({ ok: true, sent: { duplicate: false } });
      expect((await refusal(begin())).code).toBe('not_found');
      world.clock.ms += 31 * DAY_MS;
      await purge(world);
      expect(await begin()).toMatchObject({ created: true });
    });

    test('is pending until it is received, by each member', async () => {
      const world = await createWorld(open);
      const talk = await talkWithNews(world);
      await remove(world, talk);
      expect(await pending(world, talk.user)).toEqual([
        { conversation_id: talk.conversation, delivered_seq: 2, last_seq: 5 },
      ]);
      await purge(world);
      const { receipt } = await world.move('received', talk, talk.user, 5);
      expect(receipt).toMatchObject({ delivered_seq: 5 });
      expect(await pending(world, talk.user)).toEqual([]);
      expect(await pending(world, talk.agent)).toHaveLength(1);
      expect(await world.move('received', talk, talk.user, 5)).toEqual({ tell: [] });
      expect((await read(world, talk, 0)).events).toHaveLength(1);
    });

    test('is among the removed since an older token, and among nothing afterwards', async () => {
      const world = await createWorld(open);
      const talk = await talkWithNews(world);
      const before = (await list(world, talk.user)).sync_token;
      await remove(world, talk);
      await purge(world);
      const since = await list(world, talk.user, before);
      expect(since).toMatchObject({ conversations: [], removed: [talk.conversation] });
      expect((await list(world, talk.user, since.sync_token)).removed).toEqual([]);
      expect((await list(world, talk.user)).conversations).toEqual([]);
    });

    test.each(['before', 'after'])(
      'is relayed by its last event alone when the relay comes %s the purge',
      async (when) => {
        const world = await createWorld(open);
        const talk = await talkWithNews(world);
        const other = await world.talk();
        await remove(world, talk);
        if (when === 'after') await purge(world);
        const entries = await entriesOf(world.store);
        const told = entries.filter(({ to }) => to.includes(talk.user));
        expect(told.map(({ event }) => event.type)).toEqual(['conversation.deleted']);
        expect(told[0]?.to).toContain(talk.agent);
        expect(entries.filter(({ to }) => to.includes(other.user))).toHaveLength(1);
        await catchUp(world.store, 'relay');
        expect(await world.store.lagOf('relay')).toEqual({ events: 0, seconds: 0 });
      },
    );

    test('is no reason for a push, and counts in no badge', async () => {
      const world = await createWorld(open);
      const talk = await talkWithNews(world);
      const other = await world.talk({ user: talk.user });
      await world.device(talk.user);
      await world.send(other, other.agent, 'news');
      await remove(world, talk);
      expect(await pushesOf(world.store)).toEqual([{ platform: 'apns', job: pushOf(other) }]);
      expect(await world.store.pushState(pushOf(talk))).toEqual({ push: null });
      expect((await world.store.pushState(pushOf(other))).push?.badge).toBe(1);
    });

    test('is forgotten after 30 days; tokens from before its deletion expire with it', async () => {
      const world = await createWorld(open);
      const talk = await talkWithNews(world);
      const other = await world.talk({ user: talk.user });
      const before = (await list(world, talk.user)).sync_token;
      await remove(world, talk);
      const after = (await list(world, talk.user)).sync_token;
      await purge(world);
      world.clock.ms += 29 * DAY_MS;
      await purge(world);
      expect((await read(world, talk, 0)).events).toHaveLength(1);
      expect((await list(world, talk.user, before)).removed).toEqual([talk.conversation]);

      world.clock.ms += 2 * DAY_MS;
      for (const purged of [false, true]) {
        if (purged) await purge(world);
        expect((await refusal(read(world, talk, 0))).code).toBe('not_found');
        expect(await pending(world, talk.agent)).toEqual([]);
      }
      expect((await refusal(list(world, talk.user, before))).code).toBe('sync_token_expired');
      expect(await list(world, talk.user, after)).toMatchObject({ conversations: [], removed: [] });
      const { conversations } = await list(world, talk.user);
      expect(conversations.map(({ id }) => id)).toEqual([other.conversation]);
    });

    test('a large one is purged in steps, the others untouched', async () => {
      const world = await createWorld(open);
      const [large, other] = [await world.talk(), await world.talk()];
      const operations = Array.from({ length: 1_000 }, (_, n) =>
        sendOf(large, large.agent, { client_id: `c${n}` }),
      );
      await world.store.append({ operations });
      await world.send(other, other.user, 'kept');
      await remove(world, large);
      let steps = 0;
      while (await world.store.purge()) steps += 1;
      expect(steps).toBeGreaterThan(3);
      expect((await read(world, large, 0)).events).toHaveLength(1);
      expect((await read(world, other, 0)).events).toHaveLength(2);
      expect(await world.store.purge()).toBe(false);
    });
  });
}
