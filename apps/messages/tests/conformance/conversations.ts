import type { Conversation } from '@agent-messenger/contracts';
import { createWorld, refusal, type OpenStore, type Talk, type World } from './world';

export function describeConversations(open: OpenStore): void {
  describe('conversations', () => {
    const list = (world: World, identity_id: string, more: object = {}) =>
      world.store.listConversations({ identity_id, limit: 50, ...more });
    const ids = (conversations: Conversation[]) => conversations.map(({ id }) => id);

    test('creation answers the conversation as its creator sees it', async () => {
      const world = await createWorld(open);
      const [user_id, agent_id] = [await world.user(), await world.agent('Ada')];
      const { conversation, created } = await world.store.createConversation({ user_id, agent_id });
      expect(created).toBe(true);
      expect(conversation).toEqual({
        id: expect.stringMatching(/^cnv_/),
        title: null,
        created_at: new Date(world.clock.ms).toISOString(),
        last_seq: 1,
        last_message: null,
        unread_count: 0,
        delivered_seq: 0,
        read_seq: 0,
        muted: false,
        archived: false,
        tags: [],
        members: expect.arrayContaining([
          { id: agent_id, kind: 'agent', name: 'Ada', delivered_seq: 0, read_seq: 0 },
        ]),
      });
      expect(conversation.members).toHaveLength(2);
      const members = await world.store.listMembers({
        identity_id: agent_id,
        conversation_id: conversation.id,
      });
      expect(members.members).toContainEqual({ id: agent_id, kind: 'agent', name: 'Ada' });
    });

    test('creation is repeated under the same client_id, and a conflict with other contents', async () => {
      const world = await createWorld(open);
      const [user_id, agent_id] = [await world.user(), await world.agent()];
      const create = (more: object) =>
        world.store.createConversation({ user_id, agent_id, client_id: 'c1', title: 'T', ...more });
      const first = await create({});
      const second = await create({});
      expect(second).toEqual({ conversation: first.conversation, created: false });
      expect((await refusal(create({ title: 'U' }))).code).toBe('conflict');
      expect((await refusal(create({ agent_id: await world.agent() }))).code).toBe('conflict');
      expect((await create({ user_id: await world.user() })).created).toBe(true);
      expect((await create({ client_id: undefined })).created).toBe(true);
      expect((await list(world, user_id)).conversations).toHaveLength(2);
    });

    test('an unknown agent, or a person in its place, is not found', async () => {
      const world = await createWorld(open);
      const user_id = await world.user();
      for (const agent_id of ['agt_none', user_id, await world.user()]) {
        const refused = await refusal(world.store.createConversation({ user_id, agent_id }));
        expect(refused.code).toBe('not_found');
      }
    });

    test('unread counts messages of others above what was read, up to 1000', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const unread = async (identity_id: string) =>
        (await world.store.getConversation({ identity_id, conversation_id: talk.conversation }))
          .unread_count;
      await world.send(talk, talk.agent, 'one');
      await world.send(talk, talk.user, 'mine');
      await world.send(talk, talk.agent, 'two');
      expect([await unread(talk.user), await unread(talk.agent)]).toEqual([2, 1]);
      await world.move('read', talk, talk.user, 2);
      expect(await unread(talk.user)).toBe(1);
      await world.store.append({
        operations: Array.from({ length: 1_100 }, (_, n) => ({
          op: 'send' as const,
          identity_id: talk.agent,
          epoch: null,
          conversation_id: talk.conversation as `cnv_${string}`,
          client_id: `many-${n}`,
          content: 'x',
        })),
      });
      expect(await unread(talk.user)).toBe(1_000);
    });

    test('the list goes by last activity, newest first, in pages that carry one sync token', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const talks: Talk[] = [];
      for (let n = 0; n < 5; n += 1) talks.push(await world.talk({ user }));
      await world.send(talks[1] as Talk, user, 'newest');
      const expected = [1, 4, 3, 2, 0].map((n) => talks[n]?.conversation);

      const first = await list(world, user, { limit: 2 });
      const second = await list(world, user, { limit: 2, cursor: first.next_cursor });
      const third = await list(world, user, { limit: 2, cursor: second.next_cursor });
      const pages = [first, second, third];
      expect(pages.flatMap((page) => ids(page.conversations))).toEqual(expected);
      expect(third.next_cursor).toBeNull();
      expect(new Set(pages.map((page) => page.sync_token)).size).toBe(1);
      expect(first.conversations[0]?.last_message?.content).toBe('newest');
    });

    test('since a token only what changed is listed: events and own positions', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const quiet = await world.talk({ user });
      const talk = await world.talk({ user });
      await world.send(quiet, quiet.agent, 'before');
      const { sync_token } = await list(world, user);
      const since = async () => ids((await list(world, user, { since: sync_token })).conversations);
      expect(await since()).toEqual([]);
      await world.move('received', quiet, quiet.agent, 1);
      expect(await since()).toEqual([]);
      await world.send(talk, talk.agent, 'news');
      expect(await since()).toEqual([talk.conversation]);
      await world.move('read', quiet, user, 2);
      expect((await since()).sort()).toEqual([quiet.conversation, talk.conversation].sort());
      const foreign = await world.talk();
      await world.send(foreign, foreign.user, 'not mine');
      expect(await since()).toHaveLength(2);
    });

    test('what moves up while a list is being paged is listed since its token', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const old = await world.talk({ user });
      const recent = await world.talk({ user });
      const first = await list(world, user, { limit: 1 });
      expect(ids(first.conversations)).toEqual([recent.conversation]);
      await world.send(old, old.agent, 'up');
      const second = await list(world, user, { limit: 1, cursor: first.next_cursor });
      const changed = await list(world, user, { since: second.sync_token });
      expect(ids(second.conversations)).toEqual([]);
      expect(ids(changed.conversations)).toEqual([old.conversation]);
    });

    test('a token of another log has expired; garbage is invalid', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const token = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const { log_id } = await list(world, user);
      const code = async (more: object) => (await refusal(list(world, user, more))).code;
      expect(await code({ since: token({ log_id: 'log_x', rev: 0 }) })).toBe('sync_token_expired');
      expect(await code({ since: token({ log_id, rev: 1e9 }) })).toBe('sync_token_expired');
      for (const garbage of ['x', '{}', token({}), token({ log_id, rev: -1 }), 'null', 'ÿ']) {
        expect(await code({ since: garbage })).toBe('invalid_payload');
        expect(await code({ cursor: garbage })).toBe('invalid_payload');
      }
    });
  });
}
