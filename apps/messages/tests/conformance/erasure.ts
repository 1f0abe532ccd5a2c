import {
  BY,
  byUser,
  catchUp,
  createWorld,
  entriesOf,
  later,
  pushOf,
  refusal,
  refusals,
  sendOf,
  sentOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

export function describeErasure(open: OpenStore): void {
  describe('erasing a person', () => {
    async function purge(world: World): Promise<void> {
      while (await world.store.purge());
    }
    const eventsFor = (world: World, talk: Talk, identity_id = talk.agent) =>
      world.store.readLog({
        identity_id,
        epoch: null,
        conversation_id: talk.conversation,
        after_seq: 0,
        limit: 9,
      });
    /** Ada with a session, a device and a conversation in which both have written. */
    async function withAda() {
      const world = await createWorld(open);
      const { store } = world;
      const { user_id } = await store.createUser({ username: 'ada', password_hash: 'h', by: BY });
      const credential = { identity_id: user_id, credential_id: await world.session(user_id) };
      await world.device(user_id);
      const talk = await world.talk({ user: user_id, title: 'Secret' });
      await world.send(talk, talk.user, 'mine');
      await world.send(talk, talk.agent, 'yours');
      await store.markPushed({ ...pushOf(talk), seq: 2 });
      const erase = () => store.eraseUser({ user_id, by: byUser(user_id) });
      return { world, store, user_id, credential, talk, erase };
    }

    test('at once nobody can be it any more, and its name is free', async () => {
      const { world, store, user_id, credential, talk, erase } = await withAda();
      const expired = later(world.clock.ms, -1);
      await store.createSession({ user_id, refresh_digest: 'x', expires_at: expired, by: BY });
      const second = { identity_id: user_id, credential_id: await world.session(user_id) };
      const { ended } = await erase();
      expect(ended).toEqual(expect.arrayContaining([credential, second]));

      expect((await refusal(store.authorize(credential))).code).toBe('unauthorized');
      expect(await store.findUser({ username: 'ada' })).toEqual({ user: null });
      expect(await store.findUser({ user_id })).toEqual({ user: null });
      expect((await refusal(store.getUser({ user_id }))).code).toBe('not_found');
      expect((await store.listUsers({ limit: 9 })).users).toEqual([]);
      expect(await store.listUsers({ limit: 9, username: 'ada' })).toMatchObject({ users: [] });
      expect(await store.pushState(pushOf(talk))).toEqual({ push: null });
      expect((await refusal(world.session(user_id))).code).toBe('unauthorized');
      expect((await refusal(world.device(user_id))).code).toBe('unauthorized');
      for (const refused of await refusals([
        erase(),
        store.updateUser({ user_id, disabled: false, by: BY }),
        store.exportUser({ user_id, limit: 9, by: BY }),
        store.createConversation({ user_id, agent_id: talk.agent }),
      ])) {
        expect(refused.code).toBe('not_found');
      }
      const successor = await store.createUser({ username: 'ada', password_hash: 'h', by: BY });
      expect(successor.user_id).not.toBe(user_id);
      const { conversations } = await store.getUser(successor);
      expect(conversations).toBe(0);
    });

    test('at once it is in no conversation any more, although they end only later', async () => {
      const { world, store, talk, erase } = await withAda();
      const mine = { op: 'react', identity_id: talk.user, emoji: '👍', set: true };
      const { message } = sentOf(await world.append(sendOf(talk, talk.user, {})));
      const own = { identity_id: talk.user, conversation_id: talk.conversation };
      const ofMessage = { ...own, epoch: null, message_id: message.id };
      await erase();
      for (const operation of [
        sendOf(talk, talk.user, { client_id: 'new' }),
        { ...ofMessage, op: 'edit', content: 'after its end' },
        { ...ofMessage, op: 'delete' },
        { ...ofMessage, ...mine },
        { ...own, epoch: null, op: 'read', seq: 2 },
      ]) {
        expect(await world.append(operation)).toMatchObject({ error: { code: 'not_found' } });
      }
      for (const refused of await refusals([
        store.getConversation(own),
        store.listMessages({ ...own, limit: 9 }),
        store.updateConversation({ ...own, title: 'after its end' }),
        store.deleteConversation(own),
        eventsFor(world, talk, talk.user),
      ])) {
        expect(refused.code).toBe('not_found');
      }
      const { events } = await eventsFor(world, talk);
      expect(events.map(({ type }) => type)).toEqual([
        'conversation.created',
        'message.created',
        'message.created',
        'message.created',
      ]);
    });

    test('by a session of its own only while that stands', async () => {
      const { world, store, user_id, credential, talk } = await withAda();
      const { credential_id: session_id } = credential;
      const by = byUser(user_id);
      const other = await world.session(await world.user());
      const state = () => store.pushState(pushOf(talk));
      const before = [await state(), await store.getUser({ user_id })];
      expect((await refusal(store.eraseUser({ user_id, session_id: other, by }))).code).toBe(
        'unauthorized',
      );
      expect([await state(), await store.getUser({ user_id })]).toEqual(before);
      await store.updateUser({ user_id, password_hash: 'new', by: BY });
      expect((await refusal(store.eraseUser({ user_id, session_id, by }))).code).toBe(
        'unauthorized',
      );
      const next = await world.session(user_id);
      const { ended } = await store.eraseUser({ user_id, session_id: next, by });
      expect(ended).toEqual([{ identity_id: user_id, credential_id: next }]);
    });

    test('by a session twice at once: the second finds that it has ended, as a change of the password does', async () => {
      const { store, user_id, credential } = await withAda();
      const by = byUser(user_id);
      const own = { user_id, session_id: credential.credential_id, by };
      const [first, second] = await Promise.allSettled([
        store.eraseUser(own),
        store.eraseUser(own),
      ]);
      const answers = [first, second].sort((a) => (a.status === 'fulfilled' ? -1 : 1));
      expect(answers).toMatchObject([
        { status: 'fulfilled', value: { ended: [credential], username: 'ada' } },
        { status: 'rejected', reason: { code: 'unauthorized' } },
      ]);
      const change = { user_id, password_hash: 'x', keep_session_id: own.session_id, by };
      expect((await refusal(store.updateUser(change))).code).toBe('unauthorized');
      expect((await refusal(store.eraseUser({ user_id, by: BY }))).code).toBe('not_found');
    });

    test('its conversations end for the agent, with an event that names nobody', async () => {
      const { world, store, user_id, talk, erase } = await withAda();
      await catchUp(store, 'relay');
      await erase();
      await purge(world);
      const { events } = await eventsFor(world, talk);
      expect(events).toEqual([
        {
          conversation_id: talk.conversation,
          seq: 4,
          type: 'conversation.deleted',
          actor: { kind: 'user', id: user_id },
          at: later(world.clock.ms, 0),
          conversation: {
            id: talk.conversation,
            title: null,
            created_at: later(world.clock.ms, 0),
            members: expect.arrayContaining([{ id: user_id, kind: 'user', name: user_id }]),
          },
        },
      ]);
      const relayed = await entriesOf(store);
      expect(relayed.map(({ event, to }) => [event.type, to.includes(talk.agent)])).toEqual([
        ['conversation.deleted', true],
      ]);
      const listed = await store.listConversations({ identity_id: talk.agent, limit: 9 });
      expect(listed.conversations).toEqual([]);
      const send = sendOf(talk, talk.agent, {});
      expect(await world.append(send)).toMatchObject({ error: { code: 'not_found' } });
    });

    test('the events of conversations that it had deleted before name nobody either', async () => {
      const { world, store, user_id, talk, erase } = await withAda();
      const ids = { identity_id: user_id, conversation_id: talk.conversation };
      await store.deleteConversation(ids);
      const nameOf = async () => JSON.stringify((await eventsFor(world, talk)).events);
      expect(await nameOf()).toContain('"ada"');
      await purge(world);
      await erase();
      await purge(world);
      expect(await nameOf()).not.toContain('"ada"');
      expect(await nameOf()).toContain('conversation.deleted');
    });

    test('others keep what is theirs, the agent its other conversations', async () => {
      const { world, store, talk, erase } = await withAda();
      const other = await world.talk({ agent: talk.agent });
      const credential = {
        identity_id: other.user,
        credential_id: await world.session(other.user),
      };
      await world.device(other.user);
      await world.send(other, other.user, 'kept');
      await erase();
      await purge(world);
      const page = await store.listMessages({
        identity_id: other.agent,
        conversation_id: other.conversation,
        limit: 9,
      });
      expect(page.messages.map(({ content }) => content)).toEqual(['kept']);
      expect(await store.authorize(credential)).toEqual({ epoch: 0 });
      expect(await store.getUser({ user_id: other.user })).toMatchObject({
        sessions: 1,
        devices: 1,
        conversations: 1,
      });
      expect((await store.getAgent({ agent_id: talk.agent })).id).toBe(talk.agent);
    });

    test('the audit log keeps that it happened, and no address of the person', async () => {
      const { world, store, user_id, erase } = await withAda();
      const failed = { action: 'user.login', target: user_id, result: 'unauthorized' } as const;
      const anyone = { actor: { kind: 'anyone' as const, id: null }, ip: '203.0.113.5' };
      const records = Array.from({ length: 250 }, () => ({ ...anyone, ...failed }));
      await store.recordAudit({ records });
      await store.updateUser({ user_id, disabled: false, by: BY });
      const bystander = await world.user();
      await world.session(bystander);
      await erase();
      await purge(world);
      const refused = { action: 'user.delete', target: user_id, result: 'unauthorized' } as const;
      await store.recordAudit({
        records: [
          { ...byUser(user_id), ...refused },
          { ...anyone, ...failed },
        ],
      });
      const { entries } = await store.listAudit({ identity_id: user_id, limit: 999 });
      expect(entries).toHaveLength(256);
      expect(entries.map(({ action }) => action)).toContain('user.delete');
      const addresses = entries.map(({ actor, ip }) => [actor.kind, ip]);
      expect(new Set(addresses.map(String))).toEqual(
        new Set(['user,', 'anyone,', `admin,${BY.ip}`]),
      );
      const theirs = await store.listAudit({
        identity_id: bystander,
        action: 'user.login',
        limit: 9,
      });
      expect(theirs.entries[0]?.ip).toBe(byUser('').ip);
    });

    test('many conversations go in steps, each of them whole, with others in between', async () => {
      const { store, user_id, talk, erase } = await withAda();
      for (let n = 0; n < 350; n += 1) {
        await store.createConversation({ user_id, agent_id: talk.agent });
      }
      await erase();
      const left = async () =>
        (await store.listConversations({ identity_id: talk.agent, limit: 500 })).conversations
          .length;
      const counts = [await left()];
      while (await store.purge()) counts.push(await left());
      expect(counts[0]).toBe(351);
      expect(counts.at(-1)).toBe(0);
      const largest = Math.max(...counts.slice(1).map((count, n) => (counts[n] ?? 0) - count));
      expect(largest).toBeLessThanOrEqual(100);
      const pending = await store.listPending({ identity_id: talk.agent, limit: 999 });
      expect(pending.pending).toHaveLength(351);
    });
  });
}
