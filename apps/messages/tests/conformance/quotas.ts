import { AppError } from '@agent-messenger/service-kit';
import { EVENT_BYTES, type Storage } from '../../src/storage/storage';
import {
  BY,
  changeOf,
  createWorld,
  refusal,
  sendOf,
  sentOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

const NONE = { perDay: 0, inAll: 0 };
const TEXT = 'x'.repeat(10_000 - EVENT_BYTES);
const HOUR_MS = 3_600_000;

interface Bounds {
  limits?: Partial<Storage['limits']>;
  disk?: { isLow: boolean };
}

export function describeQuotas(open: OpenStore): void {
  describe('quotas', () => {
    async function create({ limits = {}, disk = { isLow: false } }: Bounds) {
      const refused: string[] = [];
      const world = await createWorld(open, {
        limits: { person: NONE, agent: NONE, address: NONE, ...limits },
        isLow: () => disk.isLow,
        onRefusal: (_key, of, bound) => refused.push(`${of} ${bound}`),
      });
      return { world, refused };
    }
    /** A message that costs 10,000 bytes: how it was answered. */
    async function say(world: World, talk: Talk, from = talk.user, content = TEXT) {
      const client_id = `q-${(count += 1)}`;
      const result = await world.append(sendOf(talk, from, { client_id, content }));
      return result.ok ? 'ok' : result.error;
    }
    let count = 0;
    const registered = async (world: World, ip: string) => {
      const username = `registered-${(count += 1)}`;
      const actor = { kind: 'anyone' as const, id: null };
      const user = { username, password_hash: 'hash', by: { actor, ip } };
      return (await world.store.createUser(user)).user_id;
    };

    test('a day: the answer says when there is room again, and then there is', async () => {
      const { world, refused } = await create({
        limits: { person: { perDay: 24_000 + EVENT_BYTES, inAll: 0 } },
      });
      // Creating the conversation costs an event.
      const talk = await world.talk();
      expect(await say(world, talk)).toBe('ok');
      expect(await say(world, talk)).toBe('ok');
      const error = await say(world, talk);
      expect(error).toMatchObject({ code: 'rate_limited' });
      const { retry_after_ms = 0 } = error as { retry_after_ms?: number };
      expect(retry_after_ms).toBeGreaterThan(5 * HOUR_MS);
      expect(retry_after_ms).toBeLessThan(7 * HOUR_MS);
      world.clock.ms += retry_after_ms - 60_000;
      expect(await say(world, talk)).toMatchObject({ code: 'rate_limited' });
      world.clock.ms += 60_000;
      expect(await say(world, talk)).toBe('ok');
      expect(refused).toEqual(['person day', 'person day']);
      // Nobody else is concerned, the other member of the conversation included.
      expect(await say(world, talk, talk.agent)).toBe('ok');
      expect(await say(world, await world.talk())).toBe('ok');
    });

    test('in all: a conflict, until something is deleted, shortened or purged', async () => {
      const { world, refused } = await create({ limits: { person: { perDay: 0, inAll: 32_000 } } });
      const talk = await world.talk();
      const sent = await world.send(talk, talk.user, TEXT);
      const other = await world.talk({ user: talk.user });
      expect([await say(world, talk), await say(world, other)]).toEqual(['ok', 'ok']);
      expect(await say(world, talk)).toMatchObject({ code: 'conflict' });
      const edit = { op: 'edit' as const, content: `${TEXT}${TEXT}` };
      const longer = await world.append(changeOf(talk, talk.user, sent.id, edit));
      expect(longer).toMatchObject({ ok: false, error: { code: 'conflict' } });
      const title = { title: 'x'.repeat(200) };
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      const renamed = world.store.updateConversation({ ...ids, ...title });
      await renamed.catch((error: unknown) => expect(error).toBeInstanceOf(AppError));

      await world.change(talk, talk.user, sent.id, { op: 'delete' });
      expect(await say(world, talk)).toMatchObject({ code: 'conflict' });
      expect(await say(world, talk, talk.user, TEXT.slice(1_500))).toBe('ok');
      expect(await say(world, talk)).toMatchObject({ code: 'conflict' });

      const theirs = { identity_id: talk.user, conversation_id: other.conversation };
      await world.store.deleteConversation(theirs);
      while (await world.store.purge()) continue;
      expect(await say(world, talk)).toBe('ok');
      expect(refused).toContain('person all');
    });

    test('what there is to choose from counts as stored, and a choice as an event', async () => {
      const actions = Array.from({ length: 8 }, (_, n) => ({ id: `${n}`, label: 'x'.repeat(80) }));
      const bytes = Buffer.byteLength(JSON.stringify(actions));
      const room = 2 * EVENT_BYTES + 2 + bytes;
      const { world } = await create({
        limits: {
          person: { perDay: 0, inAll: 2 * EVENT_BYTES },
          agent: { perDay: 0, inAll: room },
        },
      });
      const talk = await world.talk();
      const ask = async (content: string) => {
        const client_id = `q-${(count += 1)}`;
        return world.append(sendOf(talk, talk.agent, { client_id, content, actions }));
      };
      const { message } = sentOf(await ask('?!'));
      expect(await ask('?')).toMatchObject({ ok: false, error: { code: 'conflict' } });
      await world.change(talk, talk.user, message.id, { op: 'choose', action_id: '1' });
      const react = { op: 'react', emoji: '👍', set: true } as const;
      const full = await world.append(changeOf(talk, talk.user, message.id, react));
      expect(full).toMatchObject({ ok: false, error: { code: 'conflict' } });
      await world.change(talk, talk.agent, message.id, { op: 'delete' });
      expect(await ask('?')).toMatchObject({ ok: true });
    });

    test('repeated sends, what is refused otherwise, and deletions cost nothing', async () => {
      const { world } = await create({ limits: { person: { perDay: 0, inAll: 11_000 } } });
      const talk = await world.talk();
      const send = sendOf(talk, talk.user, { client_id: 'same', content: TEXT });
      for (let n = 0; n < 3; n += 1) expect(await world.append(send)).toMatchObject({ ok: true });
      const outsider = sendOf(await world.talk(), talk.user, { client_id: 'o', content: TEXT });
      expect(await world.append(outsider)).toMatchObject({ error: { code: 'not_found' } });
      const { messages } = await world.store.listMessages({
        identity_id: talk.user,
        conversation_id: talk.conversation,
        limit: 10,
      });
      const [message] = messages;
      await world.change(talk, talk.user, message?.id ?? '', { op: 'delete' });
      expect(await say(world, talk, talk.user, TEXT.slice(EVENT_BYTES))).toBe('ok');
    });

    test('people of one address share its bound; whom an operator added does not count for it', async () => {
      const { world, refused } = await create({
        limits: { address: { perDay: 0, inAll: 25_000 } },
      });
      const mine = await Promise.all(
        ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'].map((ip) => registered(world, ip)),
      );
      const [first, second, elsewhere] = await Promise.all(
        mine.map((user) => world.talk({ user })),
      );
      if (!first || !second || !elsewhere) throw new Error('no conversations');
      expect([await say(world, first), await say(world, second)]).toEqual(['ok', 'ok']);
      expect(await say(world, second)).toMatchObject({ code: 'conflict' });
      expect(await say(world, elsewhere)).toBe('ok');
      const added = await world.talk();
      for (let n = 0; n < 3; n += 1) expect(await say(world, added)).toBe('ok');
      expect(refused).toEqual(['address all']);
      // What an erased person had is the others' again.
      await world.store.eraseUser({ user_id: first.user, by: BY });
      expect(await say(world, second)).toBe('ok');
    });

    test('at the reserve of the disk nothing new is taken, and the rest goes on', async () => {
      const disk = { isLow: false };
      const { world } = await create({ disk });
      const talk = await world.talk();
      const sent = await world.send(talk, talk.user, 'one');
      await world.send(talk, talk.agent, 'two');
      disk.isLow = true;
      const full = { code: 'unavailable', retry_after_ms: 10_000 };
      expect(await say(world, talk)).toMatchObject(full);
      for (const change of [
        { op: 'edit' as const, content: 'other' },
        { op: 'react' as const, emoji: '👍', set: true },
      ]) {
        const answer = await world.append(changeOf(talk, talk.user, sent.id, change));
        expect(answer).toMatchObject({ ok: false, error: full });
      }
      const { store } = world;
      const create_ = store.createConversation({ user_id: talk.user, agent_id: talk.agent });
      expect((await refusal(create_)).code).toBe('unavailable');
      expect((await refusal(world.user())).code).toBe('unavailable');

      expect((await world.move('read', talk, talk.user, 3)).receipt?.read_seq).toBe(3);
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      expect((await store.listMessages({ ...ids, limit: 10 })).messages).toHaveLength(2);
      await world.change(talk, talk.user, sent.id, { op: 'delete' });
      await store.updateConversation({ ...ids, muted: true });
      await store.deleteConversation(ids);
      disk.isLow = false;
      expect(await say(world, await world.talk())).toBe('ok');
    });

    test('a clock that is set back takes nothing from what may be stored in a day', async () => {
      const { world } = await create({
        limits: { person: { perDay: 20_000 + EVENT_BYTES, inAll: 0 } },
      });
      const talk = await world.talk();
      expect(await say(world, talk)).toBe('ok');
      world.clock.ms -= 30 * 24 * HOUR_MS;
      expect(await say(world, talk)).toBe('ok');
      expect(await say(world, talk)).toMatchObject({ code: 'rate_limited' });
      world.clock.ms += 13 * HOUR_MS;
      expect(await say(world, talk)).toBe('ok');
    });
  });
}
