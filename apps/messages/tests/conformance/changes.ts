import { LIMITS } from '@agent-messenger/contracts';
import {
  changedOf,
  changeOf,
  createWorld,
  entriesOf,
  pushesOf,
  pushOf,
  sendOf,
  sentOf,
  type ChangeOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

const EDIT: ChangeOf = { op: 'edit', content: 'edited' };
const DELETE: ChangeOf = { op: 'delete' };
const REACT: ChangeOf = { op: 'react', emoji: '👍', set: true };
const UNREACT: ChangeOf = { op: 'react', emoji: '👍', set: false };

export function describeChanges(open: OpenStore): void {
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
  const messagesOf = async (world: World, talk: Talk) =>
    (
      await world.store.listMessages({
        identity_id: talk.user,
        conversation_id: talk.conversation,
        limit: 99,
      })
    ).messages;
  const conversationOf = (world: World, talk: Talk, identity_id = talk.user) =>
    world.store.getConversation({ identity_id, conversation_id: talk.conversation });

  describe('edits, deletions, reactions', () => {
    test('an edit is an event, and the message is as it is now everywhere', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const sent = await world.send(talk, talk.agent, 'first', { metadata: { a: 1 } });
      world.clock.ms += 5;
      const at = new Date(world.clock.ms).toISOString();
      const { event, duplicate } = await world.change(talk, talk.agent, sent.id, EDIT);
      const now = { ...sent, content: 'edited', edited_at: at, updated_seq: 3 };
      expect(duplicate).toBe(false);
      expect(event).toEqual({
        conversation_id: talk.conversation,
        seq: 3,
        type: 'message.edited',
        actor: { kind: 'agent', id: talk.agent },
        at,
        message: now,
      });
      const log = await logOf(world, talk);
      expect(log[1]).toMatchObject({ type: 'message.created', message: now });
      expect(log[2]).toEqual(event);
      expect(await messagesOf(world, talk)).toEqual([now]);
      expect(await conversationOf(world, talk)).toMatchObject({ last_seq: 3, last_message: now });
      const entries = await entriesOf(world.store);
      expect(entries.map((entry) => entry.event)).toEqual(log);
      expect([...(entries[2]?.to ?? [])].sort()).toEqual([talk.agent, talk.user].sort());
    });

    test('a deletion leaves a tombstone that nobody has to read', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const sent = await world.send(talk, talk.agent, 'secret', { metadata: { a: 'secret' } });
      await world.change(talk, talk.user, sent.id, REACT);
      expect((await conversationOf(world, talk)).unread_count).toBe(1);
      const { event } = await world.change(talk, talk.agent, sent.id, DELETE);
      const now = {
        ...sent,
        metadata: undefined,
        content: null,
        reactions: [],
        deleted_at: new Date(world.clock.ms).toISOString(),
        updated_seq: 4,
      };
      expect(event).toEqual({
        conversation_id: talk.conversation,
        seq: 4,
        type: 'message.deleted',
        actor: { kind: 'agent', id: talk.agent },
        at: now.deleted_at,
        message: now,
      });
      expect(await messagesOf(world, talk)).toEqual([now]);
      const conversation = await conversationOf(world, talk);
      expect(conversation.last_message).toEqual(now);
      expect(conversation.unread_count).toBe(0);
      expect(JSON.stringify(await logOf(world, talk))).not.toContain('secret');
    });

    test('reactions are in the order of their first use, and go with the last that takes them back', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.agent, 'hi');
      const react = async (who: string, emoji: string, set: boolean) =>
        (await world.change(talk, who, id, { op: 'react', emoji, set })).event;
      await react(talk.user, '👍', true);
      await react(talk.agent, '🎉', true);
      const event = await react(talk.agent, '👍', true);
      const reactions = [
        { emoji: '👍', identity_ids: [talk.user, talk.agent] },
        { emoji: '🎉', identity_ids: [talk.agent] },
      ];
      const set = {
        conversation_id: talk.conversation,
        seq: 5,
        type: 'reaction.set',
        actor: { kind: 'agent', id: talk.agent },
        at: new Date(world.clock.ms).toISOString(),
        reaction: { message_id: id, emoji: '👍', identity_id: talk.agent, set: true },
      };
      expect(event).toEqual(set);
      const last = (await logOf(world, talk)).at(-1);
      expect(last).toMatchObject({ ...set, message: { id, updated_seq: 5, reactions } });
      const ids = { identity_id: talk.user, epoch: null, conversation_id: talk.conversation };
      const compact = await world.store.readLog({ ...ids, after_seq: 4, limit: 9, compact: true });
      expect(compact.events).toEqual([set]);
      expect((await entriesOf(world.store)).at(-1)?.event).toEqual(set);
      expect((await messagesOf(world, talk))[0]?.reactions).toEqual(reactions);
      await react(talk.user, '👍', false);
      await react(talk.agent, '👍', false);
      await react(talk.user, '👍', true);
      const message = (await messagesOf(world, talk))[0];
      expect(message).toMatchObject({ content: 'hi', updated_seq: 8 });
      expect(message?.reactions.map(({ emoji }) => emoji)).toEqual(['🎉', '👍']);
    });

    test('what a reaction is answered with does not grow with the message', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, '\u0001'.repeat(60_000));
      const unset = await world.change(talk, talk.agent, id, UNREACT);
      expect(unset).toMatchObject({
        duplicate: true,
        event: { type: 'message.created', truncated: true, message: { id, truncated: true } },
      });
      const set = await world.change(talk, talk.agent, id, REACT);
      for (const answer of [unset, set]) {
        expect(JSON.stringify(answer).length).toBeLessThan(8_000);
      }
    });

    test('a reaction that is there already, before what others did since, is answered with the message', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'hi');
      await world.change(talk, talk.user, id, REACT);
      const others = await world.change(talk, talk.agent, id, {
        op: 'react',
        emoji: '🎉',
        set: true,
      });
      const again = await world.change(talk, talk.user, id, REACT);
      expect(again).toEqual({
        event: { ...others.event, message: (await messagesOf(world, talk))[0] },
        duplicate: true,
      });
    });

    test('what changes nothing adds no event and answers the one that led here', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'hi');
      const change = (what: ChangeOf) => world.change(talk, talk.user, id, what);
      const created = (await logOf(world, talk))[1];
      expect(await change({ op: 'edit', content: 'hi' })).toEqual({
        event: created,
        duplicate: true,
      });
      expect(await change({ op: 'react', emoji: '👍', set: false })).toEqual({
        event: created,
        duplicate: true,
      });
      for (const what of [EDIT, REACT, DELETE]) {
        const first = await change(what);
        expect(first.duplicate).toBe(false);
        expect(await change(what)).toEqual({ event: first.event, duplicate: true });
      }
      expect((await logOf(world, talk)).map(({ type }) => type)).toEqual([
        'conversation.created',
        'message.created',
        'message.edited',
        'reaction.set',
        'message.deleted',
      ]);
    });

    test('a retried send after an edit or deletion answers the message as it is now', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const send = sendOf(talk, talk.user, { metadata: { a: 1 } });
      const { message } = sentOf(await world.append(send));
      for (const [what, content] of [
        [EDIT, 'edited'],
        [DELETE, null],
      ] as const) {
        await world.change(talk, talk.user, message.id, what);
        const retried = sentOf(await world.append(send));
        expect(retried).toMatchObject({ duplicate: true, message: { id: message.id, content } });
      }
      const other = sendOf(talk, talk.user, { content: 'edited' });
      expect(await world.append(other)).toMatchObject({ error: { code: 'conflict' } });
    });

    test('only the author edits and deletes; every member reacts', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'mine');
      for (const what of [EDIT, DELETE]) {
        expect(await world.append(changeOf(talk, talk.agent, id, what))).toMatchObject({
          error: { code: 'forbidden' },
        });
      }
      expect((await world.change(talk, talk.agent, id, REACT)).duplicate).toBe(false);
    });

    test('a deleted message can be neither edited nor reacted to', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'mine');
      await world.change(talk, talk.user, id, DELETE);
      for (const what of [EDIT, REACT, { ...REACT, set: false }]) {
        expect(await world.append(changeOf(talk, talk.user, id, what))).toMatchObject({
          error: { code: 'conflict' },
        });
      }
    });

    test('an outsider learns nothing, a message of elsewhere is not found', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const other = await world.talk({ user: talk.user });
      const [here, elsewhere] = [
        await world.send(talk, talk.user, 'here'),
        await world.send(other, talk.user, 'elsewhere'),
      ];
      const outsider = await world.user();
      const unknown = { ...talk, conversation: 'cnv_none' };
      for (const what of [EDIT, DELETE, REACT]) {
        for (const asked of [
          changeOf(talk, outsider, here.id, what),
          changeOf(unknown, talk.user, here.id, what),
        ]) {
          expect(await world.append(asked)).toEqual({
            ok: false,
            error: { code: 'not_found', message: 'No such conversation.' },
          });
        }
        for (const id of [elsewhere.id, 'msg_none']) {
          expect(await world.append(changeOf(talk, talk.user, id, what))).toMatchObject({
            error: { code: 'not_found' },
          });
        }
      }
    });

    test('a connection that was replaced changes nothing, but hears what is so already', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'mine');
      const credential_id = await world.session(talk.user);
      const connect = { identity_id: talk.user, credential_id, epoch: 5, counterparts: 0 };
      await world.store.connect(connect);
      for (const what of [EDIT, REACT, DELETE]) {
        const asked = changeOf(talk, talk.user, id, what);
        expect(await world.append({ ...asked, epoch: 4 })).toMatchObject({
          error: { code: 'replaced' },
        });
        const { event } = changedOf(await world.append({ ...asked, epoch: 5 }));
        expect(changedOf(await world.append({ ...asked, epoch: 4 }))).toEqual({
          event,
          duplicate: true,
        });
      }
    });

    test('different emoji are bounded per message; who joins one that is there is not', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'mine');
      const emoji = (n: number) => String.fromCodePoint(0x1f600 + n);
      const react = (who: string, n: number, set = true) =>
        world.append(changeOf(talk, who, id, { op: 'react', emoji: emoji(n), set }));
      for (let n = 0; n < LIMITS.emojiPerMessage; n += 1) await react(talk.user, n);
      expect(await react(talk.user, 99)).toMatchObject({ error: { code: 'conflict' } });
      expect((await react(talk.agent, 3)).ok).toBe(true);
      expect((await react(talk.user, 0, false)).ok).toBe(true);
      expect((await react(talk.user, 99)).ok).toBe(true);
    });

    test('changes share a transaction with sends, in order, each with its answer', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { id } = await world.send(talk, talk.user, 'mine');
      const { results } = await world.store.append({
        operations: [
          changeOf(talk, talk.user, id, EDIT),
          sendOf(talk, talk.agent, {}),
          changeOf(talk, talk.agent, id, DELETE),
          changeOf(talk, talk.user, id, DELETE),
        ] as Parameters<typeof world.store.append>[0]['operations'],
      });
      expect(results.map((result) => result.ok)).toEqual([true, true, false, true]);
      expect((await logOf(world, talk)).map(({ seq, type }) => [seq, type]).slice(2)).toEqual([
        [3, 'message.edited'],
        [4, 'message.created'],
        [5, 'message.deleted'],
      ]);
    });

    test('only new messages call for a push', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.device(talk.user);
      const { id } = await world.send(talk, talk.agent, 'one');
      await world.move('received', talk, talk.user, 2);
      await world.change(talk, talk.agent, id, EDIT);
      await world.change(talk, talk.agent, id, REACT);
      expect(await pushesOf(world.store)).toEqual([]);
      expect(await world.store.pushState(pushOf(talk))).toEqual({ push: null });
    });
  });
}
