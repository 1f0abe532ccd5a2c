import { LIMITS, type Message } from '@agent-messenger/contracts';
import {
  changeOf,
  createWorld,
  sendOf,
  sentOf,
  type OpenStore,
  type Talk,
  type World,
} from './world';

export function describeAttempts(open: OpenStore): void {
  /** The agent's connection breaks with everything up to `seq` under way. */
  const broke = (world: World, { agent, conversation }: Talk, seq: number, logId?: string) =>
    world.store.countAttempts({
      agent_id: agent,
      log_id: logId ?? world.store.logId,
      under_way: [{ conversation_id: conversation, seq }],
    });
  /** What a new connection of the agent is told of the conversation. */
  const firstRead = (world: World, { agent, conversation }: Talk) =>
    world.store.readLog({
      identity_id: agent,
      epoch: null,
      conversation_id: conversation,
      after_seq: null,
      limit: 9,
    });
  const messagesOf = async (world: World, { user, conversation }: Talk) =>
    (
      await world.store.listMessages({
        identity_id: user,
        conversation_id: conversation,
        limit: 99,
      })
    ).messages;
  const breakOften = async (world: World, talk: Talk, seq: number) => {
    for (let n = 1; n < LIMITS.deliveryAttempts; n += 1) await broke(world, talk, seq);
    return broke(world, talk, seq);
  };

  describe('delivery attempts', () => {
    test('the first message of others that was not dealt with is counted, not the creation before it', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const first = await world.send(talk, talk.user, 'one');
      await world.send(talk, talk.user, 'two');
      for (const attempts of [1, 2]) {
        expect((await broke(world, talk, 3)).suspects).toEqual([
          {
            conversation_id: talk.conversation,
            seq: first.seq,
            message_id: first.id,
            attempts,
            handed_over: false,
          },
        ]);
      }
      await world.move('received', talk, talk.agent, first.seq);
      expect((await broke(world, talk, 3)).suspects).toMatchObject([{ seq: 3, attempts: 1 }]);
      expect((await broke(world, talk, 2)).suspects).toEqual([]);
    });

    test('from the second attempt on the agent’s gateway is told, until all that was under way is dealt with', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.send(talk, talk.user, 'one');
      await world.send(talk, talk.user, 'two');
      await broke(world, talk, 3);
      expect(await firstRead(world, talk)).not.toHaveProperty('suspect');
      await broke(world, talk, 3);
      await world.send(talk, talk.user, 'later');
      const suspect = { attempts: 2, until_seq: 3 };
      expect(await firstRead(world, talk)).toMatchObject({ suspect });
      await world.move('received', talk, talk.agent, 2);
      expect(await firstRead(world, talk)).toMatchObject({ suspect });
      await world.move('received', talk, talk.agent, 3);
      expect(await firstRead(world, talk)).not.toHaveProperty('suspect');
    });

    test('after the last attempt it counts as delivered, and the person has one answer, that it failed', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const poison = await world.send(talk, talk.user, 'poison');
      await world.send(talk, talk.user, 'next');
      const { moved, suspects } = await breakOften(world, talk, 3);
      expect(suspects).toMatchObject([{ seq: poison.seq, attempts: 5, handed_over: true }]);
      expect(moved).toMatchObject([
        { receipt: { identity_id: talk.agent, delivered_seq: poison.seq }, tell: [talk.user] },
      ]);
      const failed = {
        sender: { kind: 'agent', id: talk.agent },
        client_id: `failed:${poison.id}`,
        reply_to: poison.id,
        content: '',
        state: 'failed',
        error: expect.any(String) as string,
      };
      expect((await messagesOf(world, talk)).slice(2)).toMatchObject([failed]);
      // The next break is another event's.
      expect((await broke(world, talk, 4)).suspects).toMatchObject([{ seq: 3, attempts: 1 }]);
      expect(await messagesOf(world, talk)).toHaveLength(3);
    });

    test.each<[string, (poison: Message) => object, number]>([
      ['an answer to it', ({ id }) => ({ reply_to: id }), 2],
      ['an answer without saying to what', () => ({}), 2],
      ['its own word that it failed', ({ id }) => failedBy(id), 2],
      ['an answer to another message', (_poison) => ({ reply_to: 'other' }), 3],
    ])('the agent has left %s', async (_what, more, count) => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const earlier = await world.send(talk, talk.user, 'earlier');
      await world.move('received', talk, talk.agent, earlier.seq);
      const poison = await world.send(talk, talk.user, 'poison');
      const said = { ...more(poison) } as { reply_to?: string };
      if (said.reply_to === 'other') said.reply_to = earlier.id;
      await world.append(sendOf(talk, talk.agent, said));
      const { suspects } = await breakOften(world, talk, poison.seq);
      expect(suspects).toMatchObject([{ handed_over: true }]);
      expect(await messagesOf(world, talk)).toHaveLength(count + 1);
    });

    test('while a person is waited for nothing is counted; a choice, a word or the expiry ends that', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const message = await world.send(talk, talk.user, 'clean up');
      const ask = async (client_id: string, more: object = {}) => {
        const actions = [{ id: 'yes', label: 'Yes' }];
        const asked = { client_id, content: 'Delete 3 files?', actions, ...more };
        return sentOf(await world.append(sendOf(talk, talk.agent, asked))).message;
      };
      const question = await ask('ask-1');
      expect((await breakOften(world, talk, question.seq)).suspects).toEqual([]);
      await world.append(
        changeOf(talk, talk.user, question.id, { op: 'choose', action_id: 'yes' }),
      );
      const counted = (attempts: number) => [{ seq: message.seq, attempts }];
      expect((await broke(world, talk, message.seq)).suspects).toMatchObject(counted(1));

      await ask('ask-2');
      expect((await broke(world, talk, message.seq)).suspects).toEqual([]);
      await world.send(talk, talk.user, 'why?');
      expect((await broke(world, talk, message.seq)).suspects).toMatchObject(counted(2));

      await ask('ask-3', { actions_expire_at: '2000-01-01T00:00:00.000Z' });
      expect((await broke(world, talk, message.seq)).suspects).toMatchObject(counted(3));
    });

    test('a deleted message is handed over without a word', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const poison = await world.send(talk, talk.user, 'poison');
      await world.change(talk, talk.user, poison.id, { op: 'delete' });
      const { moved } = await breakOften(world, talk, poison.seq);
      expect(moved).toMatchObject([{ receipt: { delivered_seq: poison.seq } }]);
      expect(await messagesOf(world, talk)).toHaveLength(1);
    });

    test('another log, another conversation and one that is gone count for nothing', async () => {
      const world = await createWorld(open);
      const [talk, foreign, gone] = [await world.talk(), await world.talk(), await world.talk()];
      for (const one of [talk, foreign, gone]) await world.send(one, one.user, 'hello');
      const conversation_id = gone.conversation;
      await world.store.deleteConversation({ identity_id: gone.user, conversation_id });
      const none = { moved: [], suspects: [] };
      expect(await broke(world, talk, 2, 'log_other')).toEqual(none);
      expect(await broke(world, { ...foreign, agent: talk.agent }, 2)).toEqual(none);
      expect(await broke(world, gone, 3)).toEqual(none);
    });
  });
}

function failedBy(messageId: string): object {
  return {
    client_id: `failed:${messageId}`,
    content: '',
    state: 'failed',
    error: 'In my own words.',
    reply_to: messageId,
  };
}
