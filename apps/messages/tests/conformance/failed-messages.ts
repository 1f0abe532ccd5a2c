import { createWorld, pushOf, sendOf, sentOf, type OpenStore } from './world';

const FAILED = { client_id: 'failed:msg_1', content: '', state: 'failed', error: 'No answer.' };

export function describeFailedMessages(open: OpenStore): void {
  describe('messages that failed', () => {
    test('say so and why, wherever they are read, and to which message they answer', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const asked = await world.send(talk, talk.user, 'question');
      const { message } = sentOf(
        await world.append(sendOf(talk, talk.agent, { ...FAILED, reply_to: asked.id })),
      );
      expect(message).toMatchObject({ ...FAILED, reply_to: asked.id });
      const where = { identity_id: talk.user, conversation_id: talk.conversation };
      const log = await world.store.readLog({ ...where, epoch: null, after_seq: 2, limit: 9 });
      expect(log.events).toMatchObject([{ type: 'message.created', message }]);
      const { messages } = await world.store.listMessages({ ...where, limit: 9 });
      expect(messages[1]).toEqual(message);
      expect((await world.store.getConversation(where)).last_message).toEqual(message);
      expect('state' in asked || 'error' in asked).toBe(false);
    });

    test('a retry is recognised by its outcome too', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const first = sentOf(await world.append(sendOf(talk, talk.agent, FAILED)));
      expect(sentOf(await world.append(sendOf(talk, talk.agent, FAILED)))).toEqual({
        message: first.message,
        duplicate: true,
      });
      const others = [
        { ...FAILED, error: 'Another reason.' },
        { client_id: FAILED.client_id, content: 'No answer.' },
      ];
      for (const other of others) {
        expect(await world.append(sendOf(talk, talk.agent, other))).toMatchObject({
          error: { code: 'conflict', message_id: first.message.id },
        });
      }
    });

    test('are for agents to send', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      expect(await world.append(sendOf(talk, talk.user, FAILED))).toMatchObject({
        error: { code: 'forbidden' },
      });
    });

    test('an edit leaves the outcome, a deletion nothing of it', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const sent = await world.send(talk, talk.agent, 'half an ans', {
        state: 'failed',
        error: 'No answer.',
      });
      const edit = { op: 'edit', content: 'half an answer' } as const;
      const edited = await world.change(talk, talk.agent, sent.id, edit);
      expect(edited.event).toMatchObject({
        message: { content: 'half an answer', state: 'failed', error: 'No answer.' },
      });
      const deleted = await world.change(talk, talk.agent, sent.id, { op: 'delete' });
      const message = 'message' in deleted.event ? deleted.event.message : undefined;
      expect(message).toMatchObject({ id: sent.id, content: null });
      expect(message).not.toHaveProperty('state');
      expect(message).not.toHaveProperty('error');
    });

    test('a push tells the reason where there is no text', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.device(talk.user);
      await world.append(sendOf(talk, talk.agent, FAILED));
      expect(await world.store.pushState(pushOf(talk))).toMatchObject({
        push: { content: 'No answer.' },
      });
    });
  });
}
