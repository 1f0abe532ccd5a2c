import {
  BY,
  catchUp,
  createWorld,
  later,
  pushesOf,
  pushOf,
  refusal,
  type OpenStore,
  type Talk,
  type World,
} from './world';

const YEAR_MS = 365 * 24 * 3_600_000;

export function describePush(open: OpenStore): void {
  describe('push', () => {
    const state = async (world: World, talk: Talk, device?: string) =>
      (await world.store.pushState(pushOf(talk, device))).push;
    const candidates = (world: World) => pushesOf(world.store);

    test('says the newest message of others that the person has not received, read or been told of', async () => {
      const world = await createWorld(open);
      const talk = await world.talk({ agent: await world.agent('Ada') });
      expect(await state(world, talk)).toBeNull();
      const token = await world.device(talk.user);
      expect(await state(world, talk)).toBeNull();
      await world.send(talk, talk.agent, 'one');
      await world.send(talk, talk.agent, 'two');
      await world.send(talk, talk.user, 'mine');
      const at = new Date(world.clock.ms).toISOString();
      expect(await state(world, talk)).toEqual({
        seq: 3,
        rev: 3,
        at,
        pushed_at: null,
        agent_name: 'Ada',
        content: 'two',
        badge: 2,
        device: { device_id: 'phone', platform: 'apns', token, registered_at: at },
      });
      await world.move('received', talk, talk.user, 3);
      expect(await state(world, talk)).toBeNull();
      await world.send(talk, talk.agent, 'three');
      expect((await state(world, talk))?.seq).toBe(5);
      await world.move('read', talk, talk.user, 5);
      expect(await state(world, talk)).toBeNull();
    });

    test('states and marks of many at once are those of each, in order', async () => {
      const world = await createWorld(open);
      const [first, second, third] = [await world.talk(), await world.talk(), await world.talk()];
      for (const talk of [first, second, third]) {
        await world.device(talk.user);
        await world.send(talk, talk.agent, 'one');
      }
      await world.send(second, second.agent, 'two');
      await world.move('read', third, third.user, 2);
      const targets = [pushOf(second), pushOf(third), pushOf(first)];
      const seqs = async () => {
        const { states } = await world.store.pushStates({ targets });
        return states.map(({ push }) => push?.seq);
      };
      expect(await seqs()).toEqual([3, undefined, 2]);
      const { states } = await world.store.pushStates({ targets });
      expect(states[0]?.push).toEqual(await state(world, second));
      const marks = [
        { ...pushOf(first), seq: 2 },
        { ...pushOf(second), seq: 2 },
      ];
      await world.store.markAllPushed({ marks });
      expect(await seqs()).toEqual([3, undefined, undefined]);
      expect((await state(world, second))?.pushed_at).not.toBeNull();
    });

    test('markPushed only raises, notes when, and concerns one device', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.device(talk.user);
      await world.device(talk.user, 'tablet');
      await world.send(talk, talk.agent, 'one');
      const mark = (seq: number) => world.store.markPushed({ ...pushOf(talk), seq });
      await mark(999);
      await mark(1);
      expect(await state(world, talk)).toBeNull();
      expect(await state(world, talk, 'tablet')).toMatchObject({ seq: 2, pushed_at: null });
      expect(await candidates(world)).toEqual([{ platform: 'apns', job: pushOf(talk, 'tablet') }]);
      await world.send(talk, talk.agent, 'two');
      expect(await state(world, talk)).toMatchObject({
        seq: 3,
        pushed_at: new Date(world.clock.ms).toISOString(),
      });
      const nobody = { user_id: 'usr_x', conversation_id: 'cnv_x', device_id: 'd', seq: 1 };
      expect(await world.store.markPushed(nobody)).toEqual({});
    });

    test('what a device has been told outlives its registration anew, not its removal', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.device(talk.user, 'phone', 't1');
      await world.send(talk, talk.agent, 'one');
      await world.store.markPushed({ ...pushOf(talk), seq: 2 });
      await world.device(talk.user, 'phone', 't2');
      expect(await state(world, talk)).toBeNull();
      await world.store.unregisterPush({ user_id: talk.user, token: 't2' });
      await world.device(talk.user, 'phone', 't3');
      expect(await state(world, talk)).toMatchObject({ seq: 2, device: { token: 't3' } });
    });

    test('a token moves with who registers it, a device has one, and 20 devices remain', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const theirs = await world.talk({ user: await world.user() });
      for (const each of [talk, theirs]) await world.send(each, each.agent, 'hi');
      const token = async (of: Talk, device?: string) =>
        (await state(world, of, device))?.device.token;
      await world.device(talk.user, 'phone', 't1');
      await world.device(talk.user, 'phone', 't2');
      expect(await token(talk)).toBe('t2');
      await world.device(theirs.user, 'phone', 't2');
      expect([await token(talk), await token(theirs)]).toEqual([undefined, 't2']);
      await world.store.unregisterPush({ user_id: talk.user, token: 't2' });
      expect(await token(theirs)).toBe('t2');
      for (let n = 0; n < 22; n += 1) {
        world.clock.ms += 1;
        await world.device(talk.user, `d${n}`, `many-${n}`);
      }
      const remaining = await Promise.all(
        Array.from({ length: 22 }, (_, n) => token(talk, `d${n}`)),
      );
      expect(remaining).toEqual([
        undefined,
        undefined,
        ...Array.from({ length: 20 }, (_, n) => `many-${n + 2}`),
      ]);
      await world.store.unregisterPush({ user_id: theirs.user, token: 't2' });
      expect(await token(theirs)).toBeUndefined();
    });

    test('registering replaces all of a device: keys and quiet hours are as given last', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.send(talk, talk.agent, 'hi');
      const registration = {
        device_id: 'phone',
        platform: 'webpush' as const,
        token: 'https://push.example/1',
        keys: { p256dh: 'p', auth: 'a' },
        quiet_hours: { from: '22:00', to: '07:00', timezone: 'Europe/Berlin' },
      };
      const session_id = await world.session(talk.user);
      await world.store.registerPush({ user_id: talk.user, session_id, registration });
      const registered_at = expect.any(String);
      expect((await state(world, talk))?.device).toEqual({ ...registration, registered_at });
      await world.device(talk.user, 'phone', 't2');
      const plain = { device_id: 'phone', platform: 'apns', token: 't2' };
      expect((await state(world, talk))?.device).toEqual({ ...plain, registered_at });
    });

    test('only a session that stands registers a device: what has ended leaves nothing behind', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const [user_id, other] = [await world.user(), await world.user()];
      const registration = { device_id: 'phone', platform: 'fcm' as const, token: 't' };
      const register = (session_id: string, user = user_id) =>
        store.registerPush({ user_id: user, session_id, registration });
      const devices = async () => (await store.getUser({ user_id })).devices;
      const first = await world.session(user_id);
      const session = { user_id, refresh_digest: 'd', expires_at: later(world.clock.ms, 1_000) };
      const { session_id } = await store.createSession({ ...session, by: BY });
      for (const [id, user] of [
        [await world.session(other), user_id],
        [first, other],
        [first, 'usr_none'],
        ['none', user_id],
      ] as const) {
        expect((await refusal(register(id, user))).code).toBe('unauthorized');
      }
      await register(session_id);
      await store.unregisterPush({ user_id, token: 't' });
      world.clock.ms += 1_000;
      expect((await refusal(register(session_id))).code).toBe('unauthorized');
      await register(first);
      expect(await devices()).toBe(1);
      const last = { ...session, refresh_digest: 'e', expires_at: later(world.clock.ms, 9_000) };
      await store.createSession({ ...last, by: BY });
      await store.endSession({ refresh_digest: 'e', everywhere: true, by: BY });
      expect((await refusal(register(first))).code).toBe('unauthorized');
      expect(await devices()).toBe(0);
    });

    test('a dead token goes, unless it was registered after its provider knew it to be dead', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const talk = await world.talk();
      await world.send(talk, talk.agent, 'hi');
      await world.device(talk.user, 'phone', 't');
      const drop = (until: number) =>
        store.dropPushToken({ token: 't', registered_until: later(clock.ms, until) });
      expect(await drop(-1)).toEqual({ dropped: false });
      expect(await state(world, talk)).not.toBeNull();
      expect(await drop(0)).toEqual({ dropped: true });
      expect(await drop(0)).toEqual({ dropped: false });
      expect(await state(world, talk)).toBeNull();
    });

    test('devices that have not registered for a year go', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.send(talk, talk.agent, 'hi');
      await world.device(talk.user, 'old');
      world.clock.ms += YEAR_MS;
      await world.session(talk.user);
      await world.device(talk.user, 'new');
      expect(await world.store.expirePushTokens()).toBe(0);
      world.clock.ms += 1;
      expect(await world.store.expirePushTokens()).toBe(1);
      expect(await state(world, talk, 'old')).toBeNull();
      expect(await state(world, talk, 'new')).not.toBeNull();
    });

    test('the badge is what is unread in all conversations that are not muted', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const second = await world.talk({ user: talk.user });
      await world.device(talk.user);
      await world.send(talk, talk.agent, 'one');
      await world.send(second, second.agent, 'two');
      await world.send(second, second.agent, 'three');
      await world.move('read', second, talk.user, 2);
      const muted = await world.talk({ user: talk.user });
      const ids = { identity_id: talk.user, conversation_id: muted.conversation };
      await world.store.updateConversation({ ...ids, muted: true });
      await world.send(muted, muted.agent, 'noise');
      expect((await state(world, talk))?.badge).toBe(2);
    });

    test('candidates: devices, once per conversation, for messages that are old enough', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const [talk, silent, received] = [await world.talk(), await world.talk(), await world.talk()];
      await world.device(talk.user);
      await world.device(received.user);
      for (const each of [talk, talk, silent, received]) await world.send(each, each.agent, 'news');
      await world.send(talk, talk.user, 'own');
      await world.move('received', received, received.user, 2);
      const next = (limit = 500) => store.nextPushes('push', { ageMs: 0, limit });
      // Three creations.
      const first = await next(3);
      expect(first?.items).toEqual([]);
      first?.done();
      const due = await next();
      expect(due?.items).toEqual([{ platform: 'apns', job: pushOf(talk) }]);
      // The same until it is done.
      expect((await next())?.items).toEqual(due?.items);
      due?.done();
      expect(await next()).toBeUndefined();
      // Whatever the clock says.
      clock.ms -= 3_600_000;
      await world.send(talk, talk.agent, 'later');
      expect((await next())?.items).toEqual([{ platform: 'apns', job: pushOf(talk) }]);
      expect(await store.nextPushes('push', { ageMs: 3_600_000, limit: 500 })).toBeUndefined();
    });

    test('who registers last is kept, also when the clock was set back', async () => {
      const world = await createWorld(open);
      const { user } = await world.talk();
      for (let n = 0; n < 20; n += 1) await world.device(user, `d${n}`);
      world.clock.ms -= 3_600_000;
      await world.device(user, 'newest', 'newest-token');
      const { dropped } = await world.store.dropPushToken({
        token: 'newest-token',
        registered_until: later(world.clock.ms, 0),
      });
      expect(dropped).toBe(true);
    });

    test.each(['received', 'read', 'pushed', 'muted'])(
      'who has been reached, or does not want to be (%s), is no candidate',
      async (how) => {
        const world = await createWorld(open);
        const talk = await world.talk();
        await world.device(talk.user);
        await world.send(talk, talk.agent, 'one');
        expect(await candidates(world)).toHaveLength(1);
        const ids = { identity_id: talk.user, conversation_id: talk.conversation };
        if (how === 'pushed') await world.store.markPushed({ ...pushOf(talk), seq: 2 });
        else if (how === 'muted') await world.store.updateConversation({ ...ids, muted: true });
        else await world.move(how === 'read' ? 'read' : 'received', talk, talk.user, 2);
        expect(await candidates(world)).toEqual([]);
        expect(await state(world, talk)).toBeNull();
        await world.send(talk, talk.agent, 'two');
        expect(await candidates(world)).toHaveLength(how === 'muted' ? 0 : 1);
      },
    );

    test('who is locked out is told nothing, and no device of it registers', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const lock = (disabled: boolean) =>
        world.store.updateUser({ user_id: talk.user, disabled, by: BY });
      await world.device(talk.user);
      await world.send(talk, talk.agent, 'secret');
      await lock(true);
      expect((await refusal(world.device(talk.user))).code).toBe('unauthorized');
      expect(await candidates(world)).toEqual([]);
      expect(await state(world, talk)).toBeNull();
      await lock(false);
      await world.session(talk.user);
      await world.device(talk.user);
      expect(await candidates(world)).toHaveLength(1);
      expect((await state(world, talk))?.content).toBe('secret');
    });

    test('platforms for which nothing was announced have no candidates', async () => {
      const world = await createWorld(open);
      const { store } = world;
      expect(await store.pushConfig({})).toEqual({ push: null });
      const talk = await world.talk();
      await world.device(talk.user);
      await world.send(talk, talk.agent, 'hi');
      const push = { platforms: ['fcm' as const], webpush_public_key: 'key' };
      await store.announcePush(push);
      expect(await store.pushConfig({})).toEqual({ push });
      expect(await candidates(world)).toEqual([]);
      await store.announcePush({ platforms: ['apns', 'fcm'] });
      expect(await candidates(world)).toHaveLength(1);
    });

    test('a device that cannot be reached is probed by one conversation, and told of the others afterwards', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      const [second, muted] = [
        await world.talk({ user: talk.user }),
        await world.talk({ user: talk.user }),
      ];
      const ids = { identity_id: talk.user, conversation_id: muted.conversation };
      await store.updateConversation({ ...ids, muted: true });
      await world.device(talk.user);
      await world.device(talk.user, 'tablet');
      for (const each of [talk, second, muted]) await world.send(each, each.agent, 'news');
      await catchUp(store, 'push');
      const device = { user_id: talk.user, device_id: 'phone' };
      const waits = async () =>
        (await store.waitingPushes(device, { limit: 10 })).map(({ job }) => job.conversation_id);
      const devices = (released: boolean) => store.waitingDevices({ released, limit: 10 });
      expect(await devices(false)).toEqual([]);

      expect(await store.holdPush(pushOf(talk))).toEqual({ probes: true });
      expect(await store.holdPush(pushOf(talk))).toEqual({ probes: true });
      expect(await store.holdPush(pushOf(second))).toEqual({ probes: false });
      expect(await store.holdPush(pushOf(talk, 'none'))).toEqual({ probes: false });
      expect(await state(world, talk)).not.toBeNull();
      expect(await state(world, second)).toBeNull();
      expect(await state(world, second, 'tablet')).not.toBeNull();
      expect((await candidates(world)).every(({ job }) => job.device_id === 'tablet')).toBe(true);
      const waiting = { ...device, platform: 'apns', probe: talk.conversation, backlog: 1 };
      expect(await devices(false)).toEqual([waiting]);
      expect(await devices(true)).toEqual([]);

      await store.markPushed({ ...pushOf(talk), seq: 2 });
      expect(await waits()).toEqual([second.conversation]);
      expect(await state(world, second)).not.toBeNull();
      const [released] = await devices(true);
      expect(released).toEqual({ ...waiting, probe: null });
      // What began to wait since then would be forgotten.
      await store.holdPush(pushOf(second));
      await store.releasePush(pushOf(talk));
      expect(await devices(true)).toEqual([]);
      await store.releasePush(pushOf(second));
      await store.endWaiting({ ...device, backlog: 1 });
      expect(await devices(true)).toEqual([{ ...waiting, probe: null, backlog: 2 }]);
      await store.endWaiting({ ...device, backlog: 2 });
      expect(await store.waitingDeviceCount()).toBe(0);
    });

    test('a device that registers anew counts as reachable', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.device(talk.user);
      await world.send(talk, talk.agent, 'news');
      await world.store.holdPush(pushOf(talk));
      expect(await candidates(world)).toEqual([]);
      await world.device(talk.user, 'phone', 'another');
      expect(await candidates(world)).toHaveLength(1);
      expect(await world.store.waitingDevices({ released: true, limit: 1 })).toHaveLength(1);
    });
  });
}
