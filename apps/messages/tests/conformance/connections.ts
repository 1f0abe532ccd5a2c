import { BY, createWorld, refusal, sendOf, sentOf, type OpenStore } from './world';

export function describeConnections(open: OpenStore): void {
  describe('connections', () => {
    test('a credential authorizes its own identity only', async () => {
      const { store, user, session } = await createWorld(open);
      const [ada, bob] = [await user(), await user()];
      const credential_id = await session(ada);
      expect(await store.authorize({ identity_id: ada, credential_id })).toEqual({ epoch: 0 });
      for (const identity_id of [bob, 'usr_none', 'agt_none']) {
        const refused = await refusal(store.authorize({ identity_id, credential_id }));
        expect(refused.code).toBe('unauthorized');
      }
      const agent = await store.createAgent({ name: 'A', key_id: 'k', key_hash: 'h', by: BY });
      const byKey = { identity_id: agent.id, credential_id: 'k' };
      expect(await store.authorize(byKey)).toEqual({ epoch: 0 });
    });

    test('connect raises the epoch strictly, and what an older connection writes or reads is refused', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      const credential_id = await world.session(talk.user);
      const connect = (epoch: number) =>
        store.connect({ identity_id: talk.user, credential_id, epoch, counterparts: 0 });
      await connect(3);
      expect((await refusal(connect(3))).code).toBe('replaced');
      expect((await refusal(connect(2))).code).toBe('replaced');
      await connect(5);
      expect(await store.authorize({ identity_id: talk.user, credential_id })).toEqual({
        epoch: 5,
      });

      const old = await world.append(sendOf(talk, talk.user, { epoch: 4 }));
      expect(old).toMatchObject({ ok: false, error: { code: 'replaced' } });
      for (const op of ['received', 'read']) {
        const position = { identity_id: talk.user, conversation_id: talk.conversation, seq: 1 };
        expect(await world.append({ op, epoch: 4, ...position })).toMatchObject({
          ok: false,
          error: { code: 'replaced' },
        });
      }
      const log = {
        identity_id: talk.user,
        conversation_id: talk.conversation,
        after_seq: 0,
        limit: 9,
      };
      expect((await refusal(store.readLog({ ...log, epoch: 4 }))).code).toBe('replaced');
      expect((await store.readLog({ ...log, epoch: 5 })).events).toHaveLength(1);
      expect((await refusal(store.listEvents({ ...log, epoch: 4 }))).code).toBe('replaced');
      expect((await store.listEvents({ ...log, epoch: 5 })).events).toHaveLength(1);

      const accepted = sendOf(talk, talk.user, { epoch: 5 });
      const { message } = sentOf(await world.append(accepted));
      const retried = sentOf(await world.append({ ...accepted, epoch: 4 }));
      expect(retried).toEqual({ message, duplicate: true });
    });

    test('connect with a credential that does not hold is refused and changes nothing', async () => {
      const { store, user, session } = await createWorld(open);
      const ada = await user();
      const credential_id = await session(ada);
      const connect = { identity_id: ada, credential_id: 'ses_none', epoch: 9, counterparts: 0 };
      expect((await refusal(store.connect(connect))).code).toBe('unauthorized');
      expect(await store.authorize({ identity_id: ada, credential_id })).toEqual({ epoch: 0 });
      expect(await store.lastConnected({ ids: [ada] })).toEqual({ at: {} });
    });

    test('connect lists what is undelivered, the most recent counterparts, and notes the time', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const user = await world.user();
      const first = await world.talk({ user });
      const second = await world.talk({ user });
      const third = await world.talk({ user });
      await world.send(first, first.agent, 'news');
      await world.move('received', second, user, 1);
      const connect = {
        identity_id: user,
        credential_id: await world.session(user),
        epoch: 1,
        counterparts: 2,
      };
      const answer = await store.connect(connect);
      expect(answer.log_id).toMatch(/^log_/);
      expect(answer.next_cursor).toBeNull();
      expect(answer.pending).toEqual(
        [
          { conversation_id: first.conversation, delivered_seq: 0, last_seq: 2 },
          { conversation_id: third.conversation, delivered_seq: 0, last_seq: 1 },
        ].sort((a, b) => (a.conversation_id < b.conversation_id ? -1 : 1)),
      );
      expect(answer.counterparts).toEqual([first.agent, third.agent]);
      expect(answer.last_connected).toEqual({});
      expect(await store.lastConnected({ ids: [user, first.agent, 'usr_none'] })).toEqual({
        at: { [user]: new Date(clock.ms).toISOString() },
      });
    });

    test('pending conversations come in pages, each once', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const agent = await world.agent();
      const all: string[] = [];
      for (let n = 0; n < 5; n += 1) all.push((await world.talk({ user, agent })).conversation);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await world.store.listPending({ identity_id: user, limit: 2, cursor });
        seen.push(...page.pending.map(({ conversation_id }) => conversation_id));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(all.sort());
    });

    test('conversations are counted for each side, as long as they are not deleted', async () => {
      const world = await createWorld(open);
      const [agent, user] = [await world.agent(), await world.user()];
      const count = async (identity_id: string) =>
        (await world.store.countConversations({ identity_id })).conversations;
      expect(await count(agent)).toBe(0);
      const first = await world.talk({ agent, user });
      const talks = [first, await world.talk({ agent, user }), await world.talk({ agent })];
      await world.talk();
      // Empty ones are free to make: they count for nothing.
      expect(await count(agent)).toBe(0);
      for (const talk of talks) await world.send(talk, talk.user, 'hi');
      expect(await count(agent)).toBe(3);
      expect(await count(user)).toBe(2);
      await world.store.deleteConversation({
        identity_id: user,
        conversation_id: first.conversation,
      });
      expect(await count(agent)).toBe(2);
      expect(await count(user)).toBe(1);
      expect(await count('agt_none')).toBe(0);
    });

    test('counterparts are those who share a conversation, from both sides', async () => {
      const world = await createWorld(open);
      const { user, agent } = await world.talk();
      const stranger = await world.talk();
      const ask = (identity_id: string) =>
        world.store.counterparts({
          identity_id,
          ids: [agent, user, stranger.user, stranger.agent],
        });
      expect(await ask(user)).toEqual({ ids: [agent] });
      expect(await ask(agent)).toEqual({ ids: [user] });
    });
  });
}
