import {
  BY,
  changeOf,
  createWorld,
  readAll,
  refusal,
  refusals,
  sendOf,
  sentOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

type AgentId = `agt_${string}`;

export function describeAgentPeople(open: OpenStore): void {
  describe('who may talk to an agent', () => {
    const close = (world: World, agent_id: string) =>
      world.store.updateAgent({ agent_id: agent_id as AgentId, access: 'listed', by: BY });
    const add = (world: World, agent_id: string, user_id: string) =>
      world.store.addAgentPerson({ agent_id, user_id, by: BY });
    const remove = (world: World, agent_id: string, user_id: string) =>
      world.store.removeAgentPerson({ agent_id, user_id, by: BY });

    const seenBy = async (world: World, user_id: string, limit = 9) =>
      readAll(async (cursor) => {
        const { agents, next_cursor } = await world.store.listAgents({ user_id, limit, cursor });
        return { items: agents.map(({ id }) => id), next_cursor };
      });

    /** Of a talk whose agent was closed to its person, with one message of each. */
    async function closedTalk(world: World): Promise<Talk & { own: string; answer: string }> {
      const talk = await world.talk();
      const own = await world.send(talk, talk.user, 'mine', { client_id: 'first' });
      const answer = await world.send(talk, talk.agent, 'yours');
      await close(world, talk.agent);
      return { ...talk, own: own.id, answer: answer.id };
    }

    test('is everyone, unless it is made for those on its list', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const user_id = await world.user();
      const agent_id = await world.agent();
      expect(await store.getAgent({ agent_id })).toMatchObject({ access: 'everyone' });
      const key = { key_id: 'k9', key_hash: 'h9', by: BY };
      const born = await store.createAgent({ name: 'Ada', access: 'listed', ...key });
      expect(born.access).toBe('listed');
      expect(await seenBy(world, user_id)).toEqual([[agent_id]]);

      expect(await close(world, agent_id)).toMatchObject({ id: agent_id, access: 'listed' });
      expect(await seenBy(world, user_id)).toEqual([[]]);
      expect((await refusal(store.getAgent({ agent_id, user_id }))).code).toBe('not_found');
      expect((await refusal(store.createConversation({ user_id, agent_id }))).code).toBe(
        'not_found',
      );
      // Operators see all of them.
      expect((await store.listAgents({ limit: 9 })).agents).toHaveLength(2);
      expect(await store.getAgent({ agent_id })).toMatchObject({ access: 'listed' });

      await add(world, agent_id, user_id);
      expect(await seenBy(world, user_id)).toEqual([[agent_id]]);
      expect((await store.getAgent({ agent_id, user_id })).id).toBe(agent_id);
      expect((await store.createConversation({ user_id, agent_id })).created).toBe(true);
      // The list is that of one agent, and of one person.
      expect((await refusal(store.getAgent({ agent_id: born.id, user_id }))).code).toBe(
        'not_found',
      );
      const other = await world.user();
      expect((await refusal(store.getAgent({ agent_id, user_id: other }))).code).toBe('not_found');

      await store.updateAgent({ agent_id, access: 'everyone', by: BY });
      expect(await seenBy(world, other)).toEqual([[agent_id]]);
    });

    test('a person’s agents come page by page, each once, those for everyone and those that list it', async () => {
      const world = await createWorld(open);
      const user_id = await world.user();
      const expected: string[] = [];
      for (let n = 0; n < 12; n += 1) {
        const agent = await world.agent();
        // Of three: for everyone, closed, and listing the person; the first of them lists it in vain.
        if (n % 3 > 0) await close(world, agent);
        if (n % 3 === 2 || n === 0) await add(world, agent, user_id);
        if (n % 3 !== 1) expected.push(agent);
      }
      const deleted = await world.agent();
      await add(world, deleted, user_id);
      await world.store.deleteAgent({ agent_id: deleted, by: BY });
      const pages = await seenBy(world, user_id, 3);
      expect(pages.map((page) => page.length)).toEqual([3, 3, 2]);
      expect(pages.flat()).toEqual(expected.sort());
    });

    test('a list is kept, told page by page, and ends with its people', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const agent_id = await world.agent();
      const people = [await world.user(), await world.user(), await world.user()].sort();
      const list = (limit: number) =>
        readAll(async (cursor) => {
          const page = await store.listAgentPeople({ agent_id, limit, cursor });
          return { items: page.people, next_cursor: page.next_cursor };
        });
      for (const user_id of people) await add(world, agent_id, user_id);
      await add(world, agent_id, String(people[0]));
      const pages = await list(2);
      expect(pages.map((page) => page.length)).toEqual([2, 1]);
      expect(pages.flat().map(({ id }) => id)).toEqual(people);
      const [first] = pages.flat();
      const { username } = await store.getUser({ user_id: String(people[0]) as `usr_${string}` });
      expect(first).toEqual({
        id: people[0],
        username,
        added_at: new Date(world.clock.ms).toISOString(),
      });

      await remove(world, agent_id, String(people[0]));
      await remove(world, agent_id, String(people[0]));
      await store.eraseUser({ user_id: String(people[1]), by: BY });
      expect((await list(9)).flat().map(({ id }) => id)).toEqual([people[2]]);
      const { entries } = await store.listAudit({
        action: 'agent.update',
        identity_id: agent_id,
        limit: 50,
      });
      // Only what changed something: three came, one left.
      expect(entries.map(({ target, result }) => [target, result])).toEqual(
        Array.from({ length: 4 }, () => [agent_id, 'ok']),
      );

      const unknown = { agent_id: 'agt_none', user_id: String(people[2]), by: BY };
      for (const refused of await refusals([
        store.addAgentPerson(unknown),
        store.removeAgentPerson(unknown),
        store.listAgentPeople({ agent_id: 'agt_none', limit: 9 }),
        add(world, agent_id, 'usr_none'),
        add(world, agent_id, String(people[1])),
        add(world, agent_id, agent_id),
      ])) {
        expect(refused.code).toBe('not_found');
      }
    });

    test('who is not listed any more reads and deletes what there is, and adds nothing', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await closedTalk(world);
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      const before = await store.readLog({ ...ids, epoch: null, after_seq: 0, limit: 50 });

      const more = sendOf(talk, talk.user, { client_id: 'another', content: 'again' });
      const edit = changeOf(talk, talk.user, talk.own, { op: 'edit', content: 'again' });
      const react = changeOf(talk, talk.user, talk.answer, { op: 'react', emoji: '👍', set: true });
      for (const operation of [more, edit, react]) {
        expect(await world.append(operation)).toMatchObject({ error: { code: 'forbidden' } });
      }
      expect((await refusal(store.updateConversation({ ...ids, title: 'again' }))).code).toBe(
        'forbidden',
      );
      expect(await store.readLog({ ...ids, epoch: null, after_seq: 0, limit: 50 })).toEqual(before);

      // What was accepted stays so.
      const retry = sendOf(talk, talk.user, { client_id: 'first', content: 'mine' });
      const again = sentOf(await world.append(retry));
      expect([again.duplicate, again.message.id]).toEqual([true, talk.own]);
      const other = sendOf(talk, talk.user, { client_id: 'first', content: 'other' });
      expect(await world.append(other)).toMatchObject({ error: { code: 'conflict' } });

      expect((await store.listMessages({ ...ids, limit: 9 })).messages).toHaveLength(2);
      expect(
        (await store.listConversations({ identity_id: talk.user, limit: 9 })).conversations,
      ).toHaveLength(1);
      expect((await world.move('read', talk, talk.user, 3)).receipt?.read_seq).toBe(3);
      expect(await store.updateConversation({ ...ids, muted: true })).toMatchObject({
        muted: true,
      });
      expect(await world.change(talk, talk.user, talk.own, { op: 'delete' })).toMatchObject({
        duplicate: false,
      });
      expect(await store.deleteConversation(ids)).toEqual({});
    });

    test('a reaction can be taken back; the agent goes on; who is listed goes on', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const answer = await world.send(talk, talk.agent, 'yours');
      await world.change(talk, talk.user, answer.id, { op: 'react', emoji: '👍', set: true });
      await close(world, talk.agent);
      const back = { op: 'react', emoji: '👍', set: false } as const;
      expect((await world.change(talk, talk.user, answer.id, back)).duplicate).toBe(false);
      expect((await world.send(talk, talk.agent, 'more')).content).toBe('more');
      await add(world, talk.agent, talk.user);
      expect((await world.send(talk, talk.user, 'here again')).content).toBe('here again');
      await remove(world, talk.agent, talk.user);
      const operation = sendOf(talk, talk.user, { client_id: 'late', content: 'gone' });
      expect(await world.append(operation)).toMatchObject({ error: { code: 'forbidden' } });
    });
  });
}
