import { LIMITS } from '@agent-messenger/contracts';
import type { LogEntry } from '../../src/store/store';
import {
  createWorld,
  entriesOf,
  inOrder,
  refusal,
  refusals,
  type OpenStore,
  type Talk,
  type World,
} from './world';

export function describeLog(open: OpenStore): void {
  describe('the log', () => {
    const read = (
      world: World,
      talk: Talk,
      after_seq: number | null,
      limit = 200,
      max_bytes?: number,
    ) =>
      world.store.readLog({
        identity_id: talk.user,
        epoch: null,
        conversation_id: talk.conversation,
        after_seq,
        limit,
        max_bytes,
      });
    const list = (world: World, talk: Talk, more: object = {}) =>
      world.store.listMessages({
        identity_id: talk.user,
        conversation_id: talk.conversation,
        limit: 3,
        ...more,
      });
    const seqs = (rows: { seq: number }[]) => rows.map(({ seq }) => seq);
    async function talkWith(world: World, messages: number): Promise<Talk> {
      const talk = await world.talk({ title: 'A talk' });
      for (let n = 0; n < messages; n += 1) {
        await world.send(talk, n % 2 ? talk.user : talk.agent, `message ${n}`);
      }
      return talk;
    }

    test('a page for who asks for one is that of the log, and nothing else', async () => {
      const world = await createWorld(open);
      const talk = await talkWith(world, 3);
      const { events, has_more, last_seq, log_id } = await read(world, talk, 1, 2);
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      const page = await world.store.listEvents({ ...ids, after_seq: 1, limit: 2 });
      expect(page).toEqual({ events, has_more, last_seq, log_id });
      expect(seqs(page.events)).toEqual([2, 3]);
      const small = await world.store.listEvents({ ...ids, after_seq: 1, limit: 2, max_bytes: 1 });
      expect([seqs(small.events), small.has_more]).toEqual([[2], true]);
      expect(
        (
          await refusal(
            world.store.listEvents({ ...ids, identity_id: 'usr_9', after_seq: 0, limit: 2 }),
          )
        ).code,
      ).toBe('not_found');
    });

    test('creation is one event with the members inside; messages follow', async () => {
      const world = await createWorld(open);
      const talk = await talkWith(world, 1);
      const { events, ...rest } = await read(world, talk, 0);
      expect(rest).toMatchObject({ has_more: false, last_seq: 2, after_seq: 0 });
      expect(events[0]).toEqual({
        conversation_id: talk.conversation,
        seq: 1,
        type: 'conversation.created',
        actor: { kind: 'user', id: talk.user },
        at: new Date(world.clock.ms).toISOString(),
        conversation: {
          id: talk.conversation,
          title: 'A talk',
          created_at: new Date(world.clock.ms).toISOString(),
          members: expect.arrayContaining([
            { id: talk.user, kind: 'user', name: expect.stringMatching(/^person-/) },
            { id: talk.agent, kind: 'agent', name: expect.stringMatching(/^Agent/) },
          ]),
        },
      });
      expect(events[1]).toMatchObject({
        seq: 2,
        type: 'message.created',
        actor: { kind: 'agent', id: talk.agent },
        message: { seq: 2, content: 'message 0' },
      });
    });

    test('pages go on where they ended; null starts at what was delivered', async () => {
      const world = await createWorld(open);
      const talk = await talkWith(world, 5);
      const page = await read(world, talk, 1, 2);
      expect(seqs(page.events)).toEqual([2, 3]);
      expect(page).toMatchObject({ has_more: true, last_seq: 6 });
      const exact = await read(world, talk, 4, 2);
      expect(seqs(exact.events)).toEqual([5, 6]);
      expect(exact.has_more).toBe(false);
      expect((await read(world, talk, 6)).events).toEqual([]);
      await world.move('received', talk, talk.user, 4);
      const rest = await read(world, talk, null);
      expect(rest.after_seq).toBe(4);
      expect(seqs(rest.events)).toEqual([5, 6]);
    });

    test('a page is bounded in bytes too, and says that there is more', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      for (let n = 0; n < 20; n += 1) await world.send(talk, talk.agent, 'x'.repeat(65_536));
      const page = await read(world, talk, 0);
      expect(page.events.length).toBeGreaterThan(5);
      expect(JSON.stringify(page).length).toBeLessThan(LIMITS.pageBytes);
      expect(page.has_more).toBe(true);
      const newest = await list(world, talk, { limit: 200 });
      expect(newest.messages.length).toBeGreaterThan(5);
      expect(JSON.stringify(newest).length).toBeLessThan(LIMITS.pageBytes);
      expect(newest.has_more).toBe(true);
      expect(newest.messages.at(-1)?.seq).toBe(21);
      // Who has room for less gets less, and always something.
      const smaller = await read(world, talk, 1, 200, 150_000);
      expect(seqs(smaller.events)).toEqual([2, 3]);
      expect(smaller.has_more).toBe(true);
      expect(seqs((await read(world, talk, 4, 200, 1)).events)).toEqual([5]);
      expect(seqs((await read(world, talk, 0, 200, 10 ** 9)).events)).toEqual(seqs(page.events));
    });

    test('bytes are counted as they are on the wire, escapes included', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      // Six bytes each as JSON: one of the largest messages fills most of a page.
      for (let n = 0; n < 3; n += 1) await world.send(talk, talk.agent, '\u0001'.repeat(65_536));
      const page = await read(world, talk, 1);
      expect([seqs(page.events), page.has_more]).toEqual([[2], true]);
      expect(JSON.stringify(page).length).toBeLessThan(LIMITS.pageBytes);
      const newest = await list(world, talk, { limit: 200 });
      expect([seqs(newest.messages), newest.has_more]).toEqual([[4], true]);
      const stretch = await entriesOf(world.store);
      expect(stretch.map(({ event }) => event.seq)).toEqual([1, 2, 3]);
    });

    test('history: newest page first, then both ways, cursors exclusive', async () => {
      const world = await createWorld(open);
      const talk = await talkWith(world, 6);
      const newest = await list(world, talk);
      expect(newest).toMatchObject({ has_more: true, last_seq: 7 });
      expect(seqs(newest.messages)).toEqual([5, 6, 7]);
      const older = await list(world, talk, { before_seq: 5 });
      expect([seqs(older.messages), older.has_more]).toEqual([[2, 3, 4], false]);
      const newer = await list(world, talk, { after_seq: 2 });
      expect([seqs(newer.messages), newer.has_more]).toEqual([[3, 4, 5], true]);
      const end = await list(world, talk, { after_seq: 4 });
      expect([seqs(end.messages), end.has_more]).toEqual([[5, 6, 7], false]);
      expect(seqs((await list(world, talk, { before_seq: 2 })).messages)).toEqual([]);
      const between = await list(world, talk, { after_seq: 2, before_seq: 6 });
      expect([seqs(between.messages), between.has_more]).toEqual([[3, 4, 5], false]);
      const some = await list(world, talk, { after_seq: 2, before_seq: 7 });
      expect([seqs(some.messages), some.has_more]).toEqual([[3, 4, 5], true]);
    });

    test('outsiders read nothing', async () => {
      const world = await createWorld(open);
      const talk = await talkWith(world, 1);
      const outside = { ...talk, user: await world.user() };
      const ids = { identity_id: outside.user, conversation_id: talk.conversation };
      for (const refused of await refusals([
        read(world, outside, 0),
        list(world, outside),
        world.store.listMembers(ids),
        world.store.getConversation(ids),
      ])) {
        expect(refused).toMatchObject({
          code: 'not_found',
          message: 'No such conversation.',
        });
      }
    });

    test('entries come in commit order over all conversations, with whom they are for', async () => {
      const world = await createWorld(open);
      const [one, two] = [await world.talk(), await world.talk()];
      await world.send(one, one.user, 'a');
      await world.send(two, two.agent, 'b');
      await world.send(one, one.agent, 'c');
      const brief = ({ event, to }: LogEntry) => [event.conversation_id, event.seq, to];
      const all = await entriesOf(world.store);
      const members = (talk: Talk) => [talk.user, talk.agent].sort();
      expect(all.map(brief)).toEqual([
        [one.conversation, 1, members(one)],
        [two.conversation, 1, members(two)],
        [one.conversation, 2, members(one)],
        [two.conversation, 2, members(two)],
        [one.conversation, 3, members(one)],
      ]);
      for (const part of [all.slice(0, 2), all.slice(2, 4), all.slice(4)]) {
        const stretch = await world.store.nextEntries(2);
        expect(inOrder(stretch?.items ?? [])).toEqual(part);
        stretch?.done();
      }
      expect(await world.store.nextEntries(2)).toBeUndefined();
    });
  });
}
