import { BY, createWorld, readAll, refusal, refusals, type OpenStore, type World } from './world';

export function describeAgents(open: OpenStore): void {
  describe('agents', () => {
    const list = (world: World, limit = 9) =>
      readAll(async (cursor) => {
        const { agents, next_cursor } = await world.store.listAgents({ limit, cursor });
        return { items: agents, next_cursor };
      });

    test('are listed page by page, each once, and found by id', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) ids.push(await world.agent());
      await world.user();
      const pages = await list(world, 2);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      expect(pages.flat().map(({ id }) => id)).toEqual(ids.sort());
      expect((await refusal(store.listAgents({ limit: 2, cursor: '%%' }))).code).toBe(
        'invalid_payload',
      );
      expect((await refusal(store.getAgent({ agent_id: 'agt_none' }))).code).toBe('not_found');

      const key = { key_id: 'k9', key_hash: 'h9' };
      const created = await store.createAgent({ name: 'Ada', ...key, by: BY });
      expect(await store.getAgent({ agent_id: created.id })).toEqual(created);
      expect(created).toMatchObject({ name: 'Ada', description: null, model: null });
    });

    test('are changed part by part; members see the new name', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      const agent_id = talk.agent as `agt_${string}`;
      const before = await store.getAgent({ agent_id });
      const described = { ...before, description: 'Counts.', model: 'm-1' };
      const { description, model } = described;
      expect(await store.updateAgent({ agent_id, description, model, by: BY })).toEqual(described);
      const renamed = { ...described, name: 'Ada' };
      expect(await store.updateAgent({ agent_id, name: 'Ada', by: BY })).toEqual(renamed);
      const bare = { ...renamed, description: null };
      expect(await store.updateAgent({ agent_id, description: null, by: BY })).toEqual(bare);
      expect(await store.getAgent({ agent_id })).toEqual(bare);
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      const { members } = await store.listMembers(ids);
      expect(members).toContainEqual({ id: agent_id, kind: 'agent', name: 'Ada' });
      const unknown = store.updateAgent({ agent_id: 'agt_none', name: 'x', by: BY });
      expect((await refusal(unknown)).code).toBe('not_found');
    });

    test('that are deleted have no keys, get no conversations and are found nowhere', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const kept = await world.agent();
      const agent_id = await world.agent('Ada');
      const key = { key_hash: 'h', name: 'k', overlap_s: 0, expires_at: null, by: BY };
      for (const key_id of ['old', 'new']) await store.createAgentKey({ agent_id, key_id, ...key });
      await store.revokeAgentKey({ agent_id, key_id: 'old', by: BY });
      const { keys } = await store.listAgentKeys({ agent_id, limit: 9 });
      const living = keys.filter(({ revoked_at }) => revoked_at === null);

      const { ended } = await store.deleteAgent({ agent_id, by: BY });
      expect(living).toHaveLength(2);
      expect(ended).toHaveLength(2);
      for (const { key_id } of living) {
        const credential = { identity_id: agent_id, credential_id: key_id };
        expect(ended).toContainEqual(credential);
        expect(await store.findAgentKey({ key_id })).toEqual({ key: null });
        expect((await refusal(store.authorize(credential))).code).toBe('unauthorized');
      }
      expect((await list(world)).flat().map(({ id }) => id)).toEqual([kept]);
      const user_id = await world.user();
      for (const refused of await refusals([
        store.getAgent({ agent_id }),
        store.updateAgent({ agent_id, name: 'x', by: BY }),
        store.deleteAgent({ agent_id, by: BY }),
        store.createAgentKey({ agent_id, key_id: 'another', ...key }),
        store.listAgentKeys({ agent_id, limit: 9 }),
        store.createConversation({ user_id, agent_id }),
      ])) {
        expect(refused.code).toBe('not_found');
      }
    });

    test('that are deleted remain in their conversations, with their names', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk({ agent: await world.agent('Ada') });
      await world.send(talk, talk.agent, 'kept');
      const create = { user_id: talk.user, agent_id: talk.agent, client_id: 'c1' };
      const first = await store.createConversation(create);
      await store.deleteAgent({ agent_id: talk.agent, by: BY });
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      const read = await store.getConversation(ids);
      expect(read.members).toContainEqual(expect.objectContaining({ name: 'Ada', kind: 'agent' }));
      expect((await store.listMessages({ ...ids, limit: 9 })).messages).toMatchObject([
        { content: 'kept', sender: { id: talk.agent } },
      ]);
      // A retry of what was accepted is no new conversation.
      const again = await store.createConversation(create);
      const members = first.conversation.members.map((member) =>
        member.id === talk.agent ? { ...member, deleted: true } : member,
      );
      expect(again).toEqual({ conversation: { ...first.conversation, members }, created: false });
      expect(await store.deleteConversation(ids)).toEqual({});
    });
  });
}
