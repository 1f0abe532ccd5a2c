import {
  createWorld,
  entriesOf,
  pushesOf,
  refusal,
  type OpenStore,
  type Talk,
  type World,
} from './world';

export function describeConversationChanges(open: OpenStore): void {
  const logOf = async (world: World, talk: Talk) =>
    (
      await world.store.readLog({
        identity_id: talk.user,
        epoch: null,
        conversation_id: talk.conversation,
        after_seq: 0,
        limit: 999,
      })
    ).events;
  const conversationOf = (world: World, talk: Talk, identity_id = talk.user) =>
    world.store.getConversation({ identity_id, conversation_id: talk.conversation });

  describe('a conversation that is changed', () => {
    const update = (world: World, talk: Talk, identity_id: string, more: object) =>
      world.store.updateConversation({ identity_id, conversation_id: talk.conversation, ...more });

    test('the title is shared: an event, once', async () => {
      const world = await createWorld(open);
      const talk = await world.talk({ title: 'old' });
      const answer = await update(world, talk, talk.agent, { title: 'new' });
      expect(answer).toEqual(await conversationOf(world, talk, talk.agent));
      expect(answer).toMatchObject({ title: 'new', last_seq: 2 });
      await update(world, talk, talk.user, { title: 'new' });
      const log = await logOf(world, talk);
      expect(log).toHaveLength(2);
      expect(log[1]).toMatchObject({
        seq: 2,
        type: 'conversation.updated',
        actor: { id: talk.agent },
        conversation: { id: talk.conversation, title: 'new' },
      });
      expect(log[0]).toMatchObject({ conversation: { title: 'old' } });
      expect((await entriesOf(world.store)).map(({ event }) => event)).toEqual(log);
    });

    test('muted, archived and tags are the caller’s own: no event, but a sync token that moves', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const listed = (identity_id: string, since?: string) =>
        world.store.listConversations({ identity_id, limit: 9, since });
      const tokens = [await listed(talk.user), await listed(talk.agent)] as const;
      const own = { muted: true, archived: true, tags: ['a', 'b'] };
      expect(await update(world, talk, talk.user, own)).toMatchObject({ ...own, last_seq: 1 });
      expect(await update(world, talk, talk.user, { archived: false })).toMatchObject({
        ...own,
        archived: false,
      });
      expect(await conversationOf(world, talk, talk.agent)).toMatchObject({
        muted: false,
        archived: false,
        tags: [],
      });
      const [user, agent] = [
        await listed(talk.user, tokens[0].sync_token),
        await listed(talk.agent, tokens[1].sync_token),
      ];
      expect(user.conversations).toMatchObject([{ id: talk.conversation, muted: true }]);
      expect(agent.conversations).toEqual([]);
      await update(world, talk, talk.user, { ...own, archived: false });
      const unchanged = await listed(talk.user, user.sync_token);
      expect(unchanged.conversations).toEqual([]);
      expect(await logOf(world, talk)).toHaveLength(1);
    });

    test('outsiders change nothing', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const refused = await refusal(update(world, talk, await world.user(), { title: 'x' }));
      expect(refused).toMatchObject({ code: 'not_found', message: 'No such conversation.' });
    });

    test('a muted conversation is not pushed', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.device(talk.user);
      await update(world, talk, talk.user, { muted: true });
      await world.send(talk, talk.agent, 'one');
      expect(await pushesOf(world.store)).toEqual([]);
    });
  });
}
