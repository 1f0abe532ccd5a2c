import { LIMITS, type Conversation } from '@agent-messenger/contracts';
import {
  BY,
  createWorld,
  readAll,
  refusal,
  sendOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

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

    test('only messages move a conversation up, not what changes an old one', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const [old, recent] = [await world.talk({ user }), await world.talk({ user })];
      const { id } = await world.send(old, user, 'old');
      await world.send(recent, user, 'recent');
      const expected = [recent.conversation, old.conversation];
      const order = async () => ids((await list(world, user)).conversations);
      expect(await order()).toEqual(expected);
      await world.change(old, old.agent, id, { op: 'react', emoji: '👍', set: true });
      expect(await order()).toEqual(expected);
      await world.change(old, user, id, { op: 'edit', content: 'edited' });
      expect(await order()).toEqual(expected);
      const own = { identity_id: user, conversation_id: old.conversation };
      await world.store.updateConversation({ ...own, title: 'A title' });
      await world.change(old, user, id, { op: 'delete' });
      expect(await order()).toEqual(expected);
      const connected = await world.store.connect({
        identity_id: user,
        credential_id: await world.session(user),
        epoch: 1,
        counterparts: 9,
      });
      expect(connected.counterparts).toEqual([recent.agent, old.agent]);
      await world.send(old, old.agent, 'new');
      expect(await order()).toEqual([old.conversation, recent.conversation]);
    });

    test('the list goes by the last message, newest first, in pages that carry one sync token', async () => {
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

    test('a page is bounded by its bytes as JSON; a compact one has previews', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const text = '\u0001'.repeat(30_000);
      const talks: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        const talk = await world.talk({ user });
        await world.send(talk, user, text);
        talks.unshift(talk.conversation);
      }
      const pages = await readAll(async (cursor) => {
        const page = await list(world, user, { limit: 200, cursor });
        expect(JSON.stringify(page).length).toBeLessThan(LIMITS.pageBytes);
        expect(page.conversations.every((each) => each.last_message?.content === text)).toBe(true);
        return { items: ids(page.conversations), next_cursor: page.next_cursor };
      });
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      expect(pages.flat()).toEqual(talks);
      const compact = await list(world, user, { limit: 200, compact: true });
      expect(ids(compact.conversations)).toEqual(talks);
      const preview = { content: text.slice(0, LIMITS.previewBytes), truncated: true };
      for (const { last_message } of compact.conversations) {
        expect(last_message).toMatchObject(preview);
      }
      const request = { identity_id: user, conversation_id: talks[0] ?? '', compact: true };
      expect((await world.store.getConversation(request)).last_message).toMatchObject(preview);
    });

    test('since a token what an agent changes of itself is listed to everybody who sees it', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const talk = await world.talk({ user });
      await world.talk({ user });
      const agent_id = talk.agent as `agt_${string}`;
      let token = (await list(world, user)).sync_token;
      const since = async () => {
        const page = await list(world, user, { since: token });
        token = page.sync_token;
        return page.conversations.map(({ id, members }) => ({ id, members }));
      };
      const shown = (more: object) => [
        {
          id: talk.conversation,
          members: expect.arrayContaining([
            { id: agent_id, kind: 'agent', delivered_seq: 0, read_seq: 0, ...more },
          ]),
        },
      ];
      expect(await since()).toEqual([]);
      await world.store.updateAgent({ agent_id, name: 'New name', by: BY });
      expect(await since()).toEqual(shown({ name: 'New name' }));
      expect(await since()).toEqual([]);
      await world.store.deleteAgent({ agent_id, by: BY });
      expect(await since()).toEqual(shown({ name: 'New name', deleted: true }));
      expect(await since()).toEqual([]);
    });

    test('a message to an agent that was deleted is refused; what was sent before is still known', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const first = sendOf(talk, talk.user, { client_id: 'c1' });
      await world.append(first);
      await world.store.deleteAgent({ agent_id: talk.agent as `agt_${string}`, by: BY });
      const refused = await world.append(sendOf(talk, talk.user, { client_id: 'c2' }));
      expect(refused).toEqual({
        ok: false,
        error: { code: 'conflict', message: 'The agent of this conversation was deleted.' },
      });
      expect(await world.append(first)).toMatchObject({ sent: { duplicate: true } });
      const own = { identity_id: talk.user, conversation_id: talk.conversation };
      await world.move('read', talk, talk.user, 2);
      await world.store.deleteConversation(own);
    });

    test('since a token only what changed is listed: events and positions', async () => {
      const world = await createWorld(open);
      const user = await world.user();
      const quiet = await world.talk({ user });
      const talk = await world.talk({ user });
      await world.send(quiet, quiet.agent, 'before');
      const { sync_token } = await list(world, user);
      const since = async () => ids((await list(world, user, { since: sync_token })).conversations);
      expect(await since()).toEqual([]);
      await world.move('received', talk, talk.agent, 1);
      expect(await since()).toEqual([talk.conversation]);
      await world.move('read', talk, talk.agent, 1);
      expect(await since()).toEqual([talk.conversation]);
      // Nothing moves.
      await world.move('read', quiet, quiet.agent, 0);
      expect(await since()).toEqual([talk.conversation]);
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

    test('beside sends, what is on no page is listed since the first one', async () => {
      const world = await createWorld(open);
      const first = await world.talk();
      const talks = [first];
      const { user, agent } = first;
      for (let n = 0; n < 4; n += 1) talks.push(await world.talk({ user, agent }));
      for (let n = 0; n < 20; n += 1) {
        // Of the oldest, which moves up past the pages that are read.
        const send = () => world.send(talks[n % talks.length] ?? first, agent, `message ${n}`);
        const [page] = await Promise.all([list(world, user, { limit: 1 }), send()]);
        const seen = new Set(ids(page.conversations));
        let cursor = page.next_cursor;
        while (cursor !== null) {
          const [next] = await Promise.all([list(world, user, { limit: 2, cursor }), send()]);
          for (const id of ids(next.conversations)) seen.add(id);
          cursor = next.next_cursor;
        }
        const since = await list(world, user, { since: page.sync_token });
        for (const id of ids(since.conversations)) seen.add(id);
        expect(seen.size).toBe(talks.length);
      }
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
