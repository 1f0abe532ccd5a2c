import {
  catchUp,
  createWorld,
  pushesOf,
  pushOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

export function describePushCorrections(open: OpenStore): void {
  describe('push corrections', () => {
    const state = async (world: World, talk: Talk) =>
      (await world.store.pushState(pushOf(talk))).push;
    const candidates = (world: World) => pushesOf(world.store);

    describe('what a device shows', () => {
      async function createShown() {
        const world = await createWorld(open);
        const talk = await world.talk();
        await world.device(talk.user);
        const first = await world.send(talk, talk.agent, 'first');
        const last = await world.send(talk, talk.agent, 'last');
        const told = await state(world, talk);
        const mark = (changes: object = {}) =>
          world.store.markPushed({ ...pushOf(talk), seq: 3, rev: told?.rev, ...changes });
        await mark();
        const stale = async () => (await world.store.stalePushes(10)).map(({ job }) => job);
        return { world, talk, first, last, mark, stale };
      }

      test('goes when it was read elsewhere, once', async () => {
        const { world, talk, mark, stale } = await createShown();
        expect(await stale()).toEqual([]);
        expect(await state(world, talk)).toBeNull();
        await world.move('read', talk, talk.user, 2);
        expect(await stale()).toEqual([]);
        await world.move('read', talk, talk.user, 3);
        expect(await stale()).toEqual([pushOf(talk)]);
        expect(await state(world, talk)).toMatchObject({
          seq: 3,
          change: 'withdrawn',
          content: null,
          badge: 0,
        });
        await world.store.correctionsQueued(await stale());
        expect(await stale()).toEqual([]);
        expect(await state(world, talk)).toMatchObject({ change: 'withdrawn' });
        await mark({ withdrawn: true });
        expect(await state(world, talk)).toBeNull();
      });

      test('becomes the message as it was edited, and the one before when it was deleted', async () => {
        const { world, talk, first, last, mark, stale } = await createShown();
        await world.change(talk, talk.agent, last.id, { op: 'edit', content: 'better' });
        expect(await stale()).toEqual([pushOf(talk)]);
        const edited = await state(world, talk);
        expect(edited).toMatchObject({ seq: 3, change: 'updated', content: 'better', badge: 2 });
        await mark({ rev: edited?.rev });
        expect([await stale(), await state(world, talk)]).toEqual([[], null]);
        await world.change(talk, talk.agent, last.id, { op: 'react', emoji: '👍', set: true });
        expect(await stale()).toEqual([]);
        await world.change(talk, talk.agent, last.id, { op: 'delete' });
        const deleted = await state(world, talk);
        expect(deleted).toMatchObject({ seq: 2, change: 'updated', content: 'first', badge: 1 });
        await mark({ seq: 2, rev: deleted?.rev });
        expect([await stale(), await state(world, talk)]).toEqual([[], null]);
        await world.change(talk, talk.agent, first.id, { op: 'delete' });
        expect(await state(world, talk)).toMatchObject({ change: 'withdrawn', badge: 0 });
      });

      test('is corrected also when it was read or changed while it was on its way', async () => {
        const { world, talk, last, mark, stale } = await createShown();
        await world.send(talk, talk.agent, 'more');
        const told = await state(world, talk);
        await world.change(talk, talk.agent, last.id, { op: 'edit', content: 'other' });
        await world.move('read', talk, talk.user, 4);
        expect(told).toMatchObject({ seq: 4, content: 'more' });
        await mark({ seq: 4, rev: told?.rev });
        expect(await stale()).toEqual([pushOf(talk)]);
        expect(await state(world, talk)).toMatchObject({ change: 'withdrawn' });
      });

      test('goes with the conversation when that is muted, and not when it is heard again before', async () => {
        const { world, talk, mark, stale } = await createShown();
        const mute = (muted: boolean) =>
          world.store.updateConversation({
            identity_id: talk.user,
            conversation_id: talk.conversation,
            muted,
          });
        await mute(true);
        expect(await stale()).toEqual([pushOf(talk)]);
        const gone = { seq: 3, change: 'withdrawn', content: null, badge: 0 };
        expect(await state(world, talk)).toMatchObject(gone);
        await mute(false);
        expect(await state(world, talk)).toBeNull();
        await mute(true);
        // Nothing that is new is told of any more.
        await world.send(talk, talk.agent, 'more');
        expect(await state(world, talk)).toMatchObject(gone);
        await mark({ withdrawn: true });
        expect([await stale(), await state(world, talk)]).toEqual([[], null]);
      });

      test('goes with the conversation when that is deleted', async () => {
        const { world, talk, mark, stale } = await createShown();
        const { conversation: conversation_id, user } = talk;
        await world.store.deleteConversation({ identity_id: user, conversation_id });
        while (await world.store.purge());
        expect(await stale()).toEqual([pushOf(talk)]);
        expect(await state(world, talk)).toMatchObject({
          seq: 3,
          change: 'withdrawn',
          content: null,
          badge: 0,
        });
        await mark({ withdrawn: true });
        expect([await stale(), await state(world, talk)]).toEqual([[], null]);
      });

      test.each(['muted', 'deleted'])(
        'goes also when the conversation was %s while the push was on its way',
        async (how) => {
          const world = await createWorld(open);
          const talk = await world.talk();
          await world.device(talk.user);
          await world.send(talk, talk.agent, 'first');
          const told = await state(world, talk);
          const ids = { identity_id: talk.user, conversation_id: talk.conversation };
          if (how === 'muted') await world.store.updateConversation({ ...ids, muted: true });
          else await world.store.deleteConversation(ids);
          await world.store.markPushed({ ...pushOf(talk), seq: 2, rev: told?.rev });
          const stale = await world.store.stalePushes(10);
          expect(stale.map(({ job }) => job)).toEqual([pushOf(talk)]);
          expect(await state(world, talk)).toMatchObject({ seq: 2, change: 'withdrawn' });
        },
      );

      test('goes once a device that could not be reached is back', async () => {
        const { world, talk } = await createShown();
        const { store } = world;
        const other = await world.talk({ user: talk.user });
        await store.holdPush(pushOf(other));
        await store.updateConversation({
          identity_id: talk.user,
          conversation_id: talk.conversation,
          muted: true,
        });
        expect(await store.holdPush(pushOf(talk))).toEqual({ probes: false });
        const { user_id, device_id } = pushOf(talk);
        const waiting = await store.waitingPushes({ user_id, device_id }, { limit: 10 });
        expect(waiting.map(({ job }) => job)).toEqual([pushOf(talk)]);
      });

      test('is replaced by what is new, as ever', async () => {
        const { world, talk, last } = await createShown();
        await world.change(talk, talk.agent, last.id, { op: 'delete' });
        await world.send(talk, talk.agent, 'news');
        const news = await state(world, talk);
        expect(news?.content).toBe('news');
        expect(news?.change).toBeUndefined();
      });
    });

    test('what was received with nobody before it is due after a while, unless it was seen or read', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      await world.device(talk.user);
      const received = (seq: number, seen: object = {}) =>
        world.append({
          op: 'received',
          identity_id: talk.user,
          conversation_id: talk.conversation,
          epoch: null,
          seq,
          ...seen,
        });
      const due = async () => (await pushesOf(store, 'unseen')).map(({ job }) => job);
      await world.send(talk, talk.agent, 'one');
      // Not received at all: that is decided sooner.
      expect(await due()).toEqual([]);
      await received(2, { seen_seq: 0 });
      expect(await candidates(world)).toEqual([]);
      expect(await due()).toEqual([pushOf(talk)]);
      expect(await state(world, talk)).toMatchObject({ seq: 2, content: 'one' });

      await received(2);
      expect([await due(), await state(world, talk)]).toEqual([[], null]);
      await catchUp(store, 'unseen');
      await world.send(talk, talk.agent, 'two');
      await received(3, { seen_seq: 0 });
      // Its time has not come.
      expect(await state(world, talk)).toBeNull();
      expect(await due()).toEqual([pushOf(talk)]);
      expect(await state(world, talk)).toMatchObject({ seq: 3, content: 'two' });
      await world.move('read', talk, talk.user, 3);
      expect([await due(), await state(world, talk)]).toEqual([[], null]);
    });
  });
}
