import type { Event, Message, OperationResult } from '@agent-messenger/contracts';
import {
  BY,
  changedOf,
  changeOf,
  createWorld,
  entriesOf,
  later,
  pushOf,
  sendOf,
  sentOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

const ACTIONS = [
  { id: 'approve', label: 'Delete them', style: 'danger' },
  { id: 'deny', label: 'Keep them' },
];
const LABELS = ACTIONS.map(({ label }) => label);
const ASK = { client_id: 'ask-1', content: 'Delete 3 files?', actions: ACTIONS };
const MINUTE = 60_000;

const refusedAs = (code: string) => ({ ok: false, error: { code } });

function messageOf(event: Event): Message {
  if (event.type !== 'action.chosen') throw new Error(`not a choice: ${event.type}`);
  return event.message;
}

export function describeChoices(open: OpenStore): void {
  describe('choices', () => {
    async function createQuestion(more: object = {}) {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { message } = sentOf(await world.append(sendOf(talk, talk.agent, { ...ASK, ...more })));
      return { world, talk, question: message, choose: chooser(world, talk, message.id) };
    }

    function chooser(world: World, talk: Talk, message: string) {
      return async (action_id: string, who = talk.user, more: object = {}) =>
        world.append({
          ...changeOf(talk, who, message, { op: 'choose', action_id }),
          ...more,
        }) as Promise<OperationResult>;
    }

    const listed = async (world: World, talk: Talk, who = talk.user) =>
      (
        await world.store.listMessages({
          identity_id: who,
          conversation_id: talk.conversation,
          limit: 50,
        })
      ).messages;

    test('a question has its actions wherever it is read, other messages none', async () => {
      const { world, talk, question } = await createQuestion({
        actions_expire_at: '2031-01-01T00:00:00.000Z',
      });
      expect(question).toMatchObject({
        actions: ACTIONS,
        actions_expire_at: '2031-01-01T00:00:00.000Z',
      });
      expect(question).not.toHaveProperty('choice');
      const where = { identity_id: talk.user, conversation_id: talk.conversation };
      expect(await listed(world, talk)).toEqual([question]);
      const log = await world.store.readLog({ ...where, epoch: null, after_seq: 1, limit: 9 });
      expect(log.events).toMatchObject([{ type: 'message.created', message: question }]);
      for (const compact of [false, true]) {
        const { last_message } = await world.store.getConversation({ ...where, compact });
        expect(last_message).toEqual(question);
      }
      const plain = await world.send(talk, talk.agent, 'no question');
      expect('actions' in plain || 'actions_expire_at' in plain).toBe(false);
    });

    test('a choice is an event of the log with the message as it is from then on', async () => {
      const { world, talk, question, choose } = await createQuestion();
      world.clock.ms += MINUTE;
      const at = later(world.clock.ms, 0);
      const by = { kind: 'user', id: talk.user };
      const changed = changedOf(await choose('approve'));
      const message = { ...question, updated_seq: 3, choice: { action_id: 'approve', by, at } };
      const event = {
        conversation_id: talk.conversation,
        seq: 3,
        type: 'action.chosen',
        actor: by,
        at,
        message,
      };
      expect(changed).toEqual({ event, duplicate: false });
      for (const who of [talk.user, talk.agent]) {
        expect(await listed(world, talk, who)).toEqual([message]);
        const log = await world.store.readLog({
          identity_id: who,
          conversation_id: talk.conversation,
          epoch: null,
          after_seq: 2,
          limit: 9,
        });
        expect(log.events).toEqual([event]);
      }
      const [, , entry] = await entriesOf(world.store);
      expect(entry).toMatchObject({ event, to: expect.arrayContaining([talk.user, talk.agent]) });
    });

    test('the first choice is the one; again it is a duplicate, another a conflict', async () => {
      const { world, talk, question, choose } = await createQuestion();
      const first = changedOf(await choose('deny'));
      await world.change(talk, talk.user, question.id, { op: 'react', emoji: '👍', set: true });
      const again = changedOf(await choose('deny'));
      expect(again).toMatchObject({ duplicate: true, event: { seq: first.event.seq } });
      expect(messageOf(again.event)).toMatchObject({
        updated_seq: 4,
        choice: { action_id: 'deny' },
      });
      expect(await choose('approve')).toMatchObject(refusedAs('conflict'));
      expect((await listed(world, talk))[0]).toMatchObject({
        updated_seq: 4,
        choice: { action_id: 'deny', by: { id: talk.user } },
      });
    });

    test('of two in one commit the first is the one', async () => {
      const { world, talk, question } = await createQuestion();
      const choice = (action_id: string) =>
        changeOf(talk, talk.user, question.id, { op: 'choose', action_id });
      const { results } = await world.store.append({
        operations: ['deny', 'approve', 'deny'].map(choice) as never,
      });
      expect(results).toMatchObject([
        { ok: true, changed: { duplicate: false } },
        refusedAs('conflict'),
        { ok: true, changed: { duplicate: true, event: { seq: 3 } } },
      ]);
    });

    test('is refused of an unknown action, and of a message that asks nothing', async () => {
      const { world, talk, choose } = await createQuestion();
      expect(await choose('perhaps')).toMatchObject(refusedAs('invalid_payload'));
      const plain = await world.send(talk, talk.agent, 'no question');
      const refused = await chooser(world, talk, plain.id)('approve');
      expect(refused).toMatchObject(refusedAs('invalid_payload'));
      await choose('approve');
      expect(await choose('perhaps')).toMatchObject(refusedAs('invalid_payload'));
      const none = await chooser(world, talk, 'msg_none')('approve');
      expect(none).toMatchObject(refusedAs('not_found'));
    });

    test('is for people to make, and for agents to offer', async () => {
      const { world, talk, choose } = await createQuestion();
      expect(await choose('approve', talk.agent)).toMatchObject(refusedAs('forbidden'));
      const offered = await world.append(sendOf(talk, talk.user, { ...ASK, client_id: 'mine' }));
      expect(offered).toMatchObject(refusedAs('forbidden'));
      expect(await choose('approve', await world.user())).toMatchObject(refusedAs('not_found'));
    });

    test('ends with the expiry, by the clock of the store; a repetition does not', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const actions_expire_at = later(world.clock.ms, MINUTE);
      const ask = async (client_id: string) =>
        sentOf(
          await world.append(sendOf(talk, talk.agent, { ...ASK, client_id, actions_expire_at })),
        ).message.id;
      const [chosen, left] = [await ask('a'), await ask('b')];
      world.clock.ms += MINUTE - 1;
      const first = changedOf(await chooser(world, talk, chosen)('approve'));
      world.clock.ms += 1;
      expect(await chooser(world, talk, left)('approve')).toMatchObject(refusedAs('conflict'));
      expect(await chooser(world, talk, chosen)('deny')).toMatchObject(refusedAs('conflict'));
      expect(changedOf(await chooser(world, talk, chosen)('approve'))).toEqual({
        ...first,
        duplicate: true,
      });
      expect((await listed(world, talk)).map(({ choice }) => choice?.action_id)).toEqual([
        'approve',
        undefined,
      ]);
    });

    test('a question that is asked again is the first one, with the choice that was made', async () => {
      const { world, talk, question, choose } = await createQuestion();
      await choose('approve');
      const again = sentOf(
        await world.append(
          sendOf(talk, talk.agent, { ...ASK, actions_expire_at: '2031-01-01T00:00:00.000Z' }),
        ),
      );
      expect(again).toMatchObject({
        duplicate: true,
        message: { id: question.id, choice: { action_id: 'approve' } },
      });
      expect(again.message).not.toHaveProperty('actions_expire_at');
      const others = [
        { ...ASK, actions: ACTIONS.slice(0, 1) },
        { ...ASK, actions: [...ACTIONS].reverse() },
        { client_id: ASK.client_id, content: ASK.content },
      ];
      for (const other of others) {
        expect(await world.append(sendOf(talk, talk.agent, other))).toMatchObject({
          ok: false,
          error: { code: 'conflict', message_id: question.id },
        });
      }
    });

    test('a question cannot be edited; deleted it is none any more', async () => {
      const { world, talk, question, choose } = await createQuestion({
        actions_expire_at: '2031-01-01T00:00:00.000Z',
      });
      for (const content of ['Delete 4 files?', ASK.content]) {
        const edit = changeOf(talk, talk.agent, question.id, { op: 'edit', content });
        expect(await world.append(edit)).toMatchObject(refusedAs('conflict'));
      }
      await choose('approve');
      await world.change(talk, talk.agent, question.id, { op: 'delete' });
      const [tombstone] = await listed(world, talk);
      expect(tombstone).toMatchObject({ id: question.id, content: null });
      for (const part of ['actions', 'actions_expire_at', 'choice']) {
        expect(tombstone).not.toHaveProperty(part);
      }
      for (const action of ['approve', 'deny', 'perhaps']) {
        expect(await choose(action)).toMatchObject(refusedAs('conflict'));
      }
    });

    test('the end of a stream may ask, also of one that was interrupted', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const actions_expire_at = later(world.clock.ms, MINUTE);
      const finish = async (stream_id: string, outcome: string, more: object = {}) =>
        sentOf(
          await world.append({
            ...{ op: 'finish', identity_id: talk.agent, epoch: null, given: true },
            ...{ conversation_id: talk.conversation, stream_id, outcome, content: ASK.content },
            ...more,
          }),
        );
      const offer = { actions: ACTIONS, actions_expire_at };
      await finish('lost', 'interrupt');
      for (const stream of ['new', 'lost']) {
        const { message } = await finish(stream, 'end', offer);
        expect(message).toMatchObject({ client_id: stream, content: ASK.content, ...offer });
        expect(await finish(stream, 'end', { actions: ACTIONS })).toEqual({
          message,
          duplicate: true,
        });
        expect(changedOf(await chooser(world, talk, message.id)('approve'))).toMatchObject({
          event: { message: { choice: { action_id: 'approve' } } },
        });
      }
    });

    test('of a connection that was replaced only what is so already is told', async () => {
      const { world, talk, choose } = await createQuestion();
      const session = { identity_id: talk.user, credential_id: await world.session(talk.user) };
      await world.store.connect({ ...session, epoch: 2, counterparts: 10 });
      expect(await choose('approve', talk.user, { epoch: 1 })).toMatchObject(refusedAs('replaced'));
      expect(await choose('approve', talk.user, { epoch: 2 })).toMatchObject({ ok: true });
      expect(await choose('approve', talk.user, { epoch: 1 })).toMatchObject({
        changed: { duplicate: true },
      });
    });

    test('needs the agent: not when it was deleted, nor when it is not for this person any more', async () => {
      const { world, talk, choose } = await createQuestion();
      await world.store.updateAgent({ agent_id: talk.agent, access: 'listed', by: BY });
      expect(await choose('approve')).toMatchObject(refusedAs('forbidden'));
      await world.store.updateAgent({ agent_id: talk.agent, access: 'everyone', by: BY });
      await world.store.deleteAgent({ agent_id: talk.agent, by: BY });
      expect(await choose('approve')).toMatchObject(refusedAs('conflict'));
    });

    test('is answered briefly, however large the message is', async () => {
      const { talk, choose } = await createQuestion({ content: 'x'.repeat(65_536) });
      for (const duplicate of [false, true]) {
        const changed = changedOf(await choose('approve'));
        expect(changed).toMatchObject({
          duplicate,
          event: {
            truncated: true,
            message: { truncated: true, choice: { by: { id: talk.user } } },
          },
        });
        expect(JSON.stringify(changed).length).toBeLessThan(4_096);
      }
    });

    test('is nothing unread, and moves no conversation up', async () => {
      const { world, talk, choose } = await createQuestion();
      const other = await world.talk({ user: talk.user });
      await world.send(other, other.agent, 'later');
      await choose('approve');
      const { conversations } = await world.store.listConversations({
        identity_id: talk.user,
        limit: 9,
      });
      expect(conversations.map(({ id, unread_count }) => [id, unread_count])).toEqual([
        [other.conversation, 1],
        [talk.conversation, 1],
      ]);
      const [, asked] = conversations;
      expect(asked?.last_message).toMatchObject({ choice: { action_id: 'approve' } });
    });

    test('a person’s export has the question and the choice', async () => {
      const { world, talk, choose } = await createQuestion();
      await choose('approve');
      const { records } = await world.store.exportUser({ user_id: talk.user, limit: 50, by: BY });
      expect(records.filter(({ type }) => type === 'message')).toMatchObject([
        { data: { actions: ACTIONS, choice: { action_id: 'approve', by: { id: talk.user } } } },
      ]);
    });

    test('a push names what there is to choose from, until it is chosen', async () => {
      const { world, talk, choose } = await createQuestion();
      await world.device(talk.user);
      const asked = await world.store.pushState(pushOf(talk));
      expect(asked).toMatchObject({ push: { content: ASK.content, actions: LABELS } });
      await world.store.markPushed({ ...pushOf(talk), seq: 2, rev: asked.push?.rev });
      await choose('approve');
      expect((await world.store.stalePushes(9)).map(({ job }) => job)).toEqual([pushOf(talk)]);
      const { push } = await world.store.pushState(pushOf(talk));
      expect(push).toMatchObject({
        change: 'updated',
        content: ASK.content,
        chosen: 'Delete them',
      });
      expect(push).not.toHaveProperty('actions');
    });
  });
}
