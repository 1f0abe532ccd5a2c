import { createWorld, later, refusal, type OpenStore, type Talk, type World } from './world';

export function describePush(open: OpenStore): void {
  describe('push', () => {
    const state = async (world: World, talk: Talk) =>
      (await world.store.pushState({ user_id: talk.user, conversation_id: talk.conversation }))
        .push;

    test('says the newest message of others that the person has not received, read or been told of', async () => {
      const world = await createWorld(open);
      const talk = await world.talk({ agent: await world.agent('Ada') });
      expect(await state(world, talk)).toBeNull();
      const token = await world.device(talk.user, 'phone');
      expect(await state(world, talk)).toBeNull();
      await world.send(talk, talk.agent, 'one');
      await world.send(talk, talk.agent, 'two');
      await world.send(talk, talk.user, 'mine');
      expect(await state(world, talk)).toEqual({
        seq: 3,
        pushed_at: null,
        agent_name: 'Ada',
        content: 'two',
        badge: 2,
        devices: [
          {
            device_id: 'phone',
            platform: 'apns',
            token,
            registered_at: new Date(world.clock.ms).toISOString(),
          },
        ],
      });
      await world.move('received', talk, talk.user, 3);
      expect(await state(world, talk)).toBeNull();
      await world.send(talk, talk.agent, 'three');
      expect((await state(world, talk))?.seq).toBe(5);
      await world.move('read', talk, talk.user, 5);
      expect(await state(world, talk)).toBeNull();
    });

    test('markPushed only raises, and notes when', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.device(talk.user);
      await world.send(talk, talk.agent, 'one');
      const mark = (seq: number) =>
        world.store.markPushed({ user_id: talk.user, conversation_id: talk.conversation, seq });
      await mark(999);
      await mark(1);
      expect(await state(world, talk)).toBeNull();
      await world.send(talk, talk.agent, 'two');
      expect(await state(world, talk)).toMatchObject({
        seq: 3,
        pushed_at: new Date(world.clock.ms).toISOString(),
      });
      expect(
        await world.store.markPushed({ user_id: 'usr_x', conversation_id: 'cnv_x', seq: 1 }),
      ).toEqual({});
    });

    test('a token moves with who registers it, a device has one, and 20 devices remain', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const other = await world.user();
      const theirs = await world.talk({ user: other });
      for (const { agent, ...rest } of [talk, theirs]) {
        await world.send({ agent, ...rest }, agent, 'hi');
      }
      const tokens = async (of: Talk) =>
        (await state(world, of))?.devices.map(({ token }) => token);
      await world.device(talk.user, 'phone', 't1');
      await world.device(talk.user, 'phone', 't2');
      expect(await tokens(talk)).toEqual(['t2']);
      await world.device(other, 'phone', 't2');
      expect([await tokens(talk), await tokens(theirs)]).toEqual([undefined, ['t2']]);
      await world.store.unregisterPush({ user_id: talk.user, token: 't2' });
      expect(await tokens(theirs)).toEqual(['t2']);
      for (let n = 0; n < 22; n += 1) {
        world.clock.ms += 1;
        await world.device(talk.user, `d${n}`, `many-${n}`);
      }
      expect(await tokens(talk)).toEqual(Array.from({ length: 20 }, (_, n) => `many-${n + 2}`));
      await world.store.unregisterPush({ user_id: other, token: 't2' });
      expect(await tokens(theirs)).toBeUndefined();
    });

    test('keys and quiet hours come back as registered; an unknown person cannot register', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.send(talk, talk.agent, 'hi');
      const registration = {
        device_id: 'browser',
        platform: 'webpush' as const,
        token: 'https://push.example/1',
        keys: { p256dh: 'p', auth: 'a' },
        quiet_hours: { from: '22:00', to: '07:00', timezone: 'Europe/Berlin' },
      };
      await world.store.registerPush({ user_id: talk.user, registration });
      expect((await state(world, talk))?.devices).toEqual([
        { ...registration, registered_at: expect.any(String) },
      ]);
      const refused = await refusal(
        world.store.registerPush({ user_id: 'usr_none', registration }),
      );
      expect(refused.code).toBe('not_found');
      expect((await state(world, talk))?.devices).toHaveLength(1);
    });

    test('the badge is what is unread in all conversations', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const second = await world.talk({ user: talk.user });
      await world.device(talk.user);
      await world.send(talk, talk.agent, 'one');
      await world.send(second, second.agent, 'two');
      await world.send(second, second.agent, 'three');
      await world.move('read', second, talk.user, 2);
      expect((await state(world, talk))?.badge).toBe(2);
    });

    test('candidates: people with a token, once per conversation, for messages old enough', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const [talk, silent, received] = [await world.talk(), await world.talk(), await world.talk()];
      await world.device(talk.user);
      await world.device(received.user);
      for (const each of [talk, talk, silent, received]) await world.send(each, each.agent, 'news');
      await world.send(talk, talk.user, 'own');
      await world.move('received', received, received.user, 2);
      const head = await store.head();
      const young = later(clock.ms, -1);
      expect(await store.pushesAfter(0, young, 500)).toEqual({ pos: 0, jobs: [] });
      const due = await store.pushesAfter(0, later(clock.ms, 0), 500);
      expect(due).toEqual({
        pos: head,
        jobs: [{ user_id: talk.user, conversation_id: talk.conversation }],
      });
      clock.ms += 10;
      await world.send(talk, talk.agent, 'later');
      expect(await store.pushesAfter(head, later(clock.ms, -1), 500)).toEqual({
        pos: head,
        jobs: [],
      });
      expect((await store.pushesAfter(0, later(clock.ms, 0), 3)).pos).toBeLessThan(head);
    });

    test.each(['received', 'read', 'pushed'])(
      'who has been reached (%s) is no candidate',
      async (how) => {
        const world = await createWorld(open);
        const talk = await world.talk();
        await world.device(talk.user);
        await world.send(talk, talk.agent, 'one');
        const jobs = async () =>
          (await world.store.pushesAfter(0, later(world.clock.ms, 0), 500)).jobs;
        expect(await jobs()).toHaveLength(1);
        const ids = { user_id: talk.user, conversation_id: talk.conversation };
        if (how === 'pushed') await world.store.markPushed({ ...ids, seq: 2 });
        else await world.move(how === 'read' ? 'read' : 'received', talk, talk.user, 2);
        expect(await jobs()).toEqual([]);
        await world.send(talk, talk.agent, 'two');
        expect(await jobs()).toHaveLength(1);
      },
    );
  });
}
