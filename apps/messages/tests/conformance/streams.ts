import { AppError } from '@agent-messenger/service-kit';
import { createWorld, refusal, sendOf, sentOf, type OpenStore, type Talk } from './world';

const STREAM = 'answer-1';

function finish(talk: Talk, outcome: 'end' | 'fail' | 'interrupt', more: object = {}): object {
  return {
    ...{ op: 'finish', outcome, given: false, epoch: null, stream_id: STREAM },
    ...{ identity_id: talk.agent, conversation_id: talk.conversation },
    ...more,
  };
}

function check(talk: Talk, more: object = {}) {
  return {
    ...{ identity_id: talk.agent, conversation_id: talk.conversation },
    ...{ epoch: null, stream_id: STREAM, ...more },
  };
}

export function describeStreams(open: OpenStore): void {
  describe('streams', () => {
    test('the end makes one message with the id of the stream, and a repeat answers it', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const asked = await world.send(talk, talk.user, 'question');
      expect(await world.store.checkStream(check(talk, { reply_to: asked.id }))).toMatchObject({
        message: null,
        members: expect.arrayContaining([
          expect.objectContaining({ id: talk.user, kind: 'user' }),
          expect.objectContaining({ id: talk.agent, kind: 'agent' }),
        ]) as object[],
      });
      const end = finish(talk, 'end', {
        content: 'an answer',
        reply_to: asked.id,
        metadata: { model: 'm' },
      });
      const { message, duplicate } = sentOf(await world.append(end));
      expect(duplicate).toBe(false);
      expect(message).toMatchObject({
        ...{ client_id: STREAM, content: 'an answer', reply_to: asked.id },
        ...{ metadata: { model: 'm' }, seq: 3, updated_seq: 3 },
      });
      expect('state' in message).toBe(false);
      const again = { message, duplicate: true };
      // Without content, with the same, and when a deadline passed meanwhile.
      const given = { content: 'an answer', metadata: { model: 'm' }, given: true };
      for (const repeat of [
        finish(talk, 'end'),
        finish(talk, 'end', given),
        finish(talk, 'interrupt', { content: 'an ans' }),
      ]) {
        expect(sentOf(await world.append(repeat))).toEqual(again);
      }
      for (const other of [
        finish(talk, 'end', { ...given, content: 'another answer' }),
        finish(talk, 'fail', { error: 'No answer.' }),
      ]) {
        expect(await world.append(other)).toMatchObject({
          error: { code: 'conflict', message_id: message.id },
        });
      }
      expect(await world.store.checkStream(check(talk))).toMatchObject({ message });
      // An agent whose gateway knows no streams sends it as one message.
      const send = { client_id: STREAM, ...given, reply_to: asked.id, given: undefined };
      expect(sentOf(await world.append(sendOf(talk, talk.agent, send)))).toEqual(again);
    });

    test('a failure keeps what there was, and is final', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const fail = finish(talk, 'fail', { content: 'half an ans', error: 'Out of credit.' });
      const { message } = sentOf(await world.append(fail));
      expect(message).toMatchObject({
        ...{ content: 'half an ans', state: 'failed', error: 'Out of credit.' },
      });
      expect(sentOf(await world.append(finish(talk, 'fail', { error: 'Again.' })))).toEqual({
        ...{ message, duplicate: true },
      });
      expect(
        await world.append(finish(talk, 'end', { content: 'an answer', given: true })),
      ).toMatchObject({ error: { code: 'conflict', message_id: message.id } });
    });

    test('who comes back after an interruption replaces the message, once', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const cut = sentOf(
        await world.append(finish(talk, 'interrupt', { content: 'half' })),
      ).message;
      expect(cut).toMatchObject({ content: 'half', state: 'interrupted' });
      // It has nothing to put in its place yet.
      expect(await world.append(finish(talk, 'end'))).toMatchObject({
        error: { code: 'conflict', expected_offset: 0 },
      });
      const whole = finish(talk, 'end', { content: 'half and half', given: true });
      const { message, duplicate } = sentOf(await world.append(whole));
      expect(duplicate).toBe(false);
      expect(message).toMatchObject({ id: cut.id, seq: cut.seq, content: 'half and half' });
      expect('state' in message).toBe(false);
      expect(message.updated_seq).toBe(cut.seq + 1);
      expect(message.edited_at).toBeDefined();
      const { events } = await world.store.readLog({
        ...{ identity_id: talk.user, conversation_id: talk.conversation, epoch: null },
        ...{ after_seq: cut.seq, limit: 9 },
      });
      expect(events).toMatchObject([{ type: 'message.edited', seq: cut.seq + 1, message }]);
      expect(sentOf(await world.append(whole))).toEqual({ message, duplicate: true });
    });

    test('or says that it failed, with what there was', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const cut = sentOf(
        await world.append(finish(talk, 'interrupt', { content: 'half' })),
      ).message;
      const failed = await world.append(finish(talk, 'fail', { error: 'No more.' }));
      expect(sentOf(failed)).toMatchObject({
        message: { id: cut.id, content: 'half', state: 'failed', error: 'No more.' },
        duplicate: false,
      });
    });

    test('an interruption before the first word is a message without text', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { message } = sentOf(await world.append(finish(talk, 'interrupt')));
      expect(message).toMatchObject({ content: '', state: 'interrupted' });
      // Its agent had nothing to say, and says so again.
      expect(sentOf(await world.append(finish(talk, 'end', { content: '' })))).toEqual({
        ...{ message, duplicate: true },
      });
    });

    test('a failure of which no text is known is a message without text', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const { message } = sentOf(await world.append(finish(talk, 'fail', { error: 'No answer.' })));
      expect(message).toMatchObject({ content: '', state: 'failed', error: 'No answer.' });
    });

    test('the end of a stream of which nothing is known commits nothing', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      expect(await world.append(finish(talk, 'end'))).toMatchObject({
        error: { code: 'conflict', expected_offset: 0 },
      });
      expect(await world.append(finish(talk, 'end', { content: '' }))).toMatchObject({
        error: { code: 'invalid_payload' },
      });
      expect(await world.store.checkStream(check(talk))).toMatchObject({ message: null });
    });

    test('an older connection commits nothing, and is told what was', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const connect = { identity_id: talk.agent, credential_id: 'key1', counterparts: 0 };
      const { epoch } = await world.store.authorize({ ...connect, credential_id: 'key2' });
      await world.store.connect({ ...connect, credential_id: 'key2', epoch: epoch + 2 });
      const older = { epoch: epoch + 1 };
      expect((await refusal(world.store.checkStream(check(talk, older)))).code).toBe('replaced');
      expect(await world.append(finish(talk, 'end', { ...older, content: 'x' }))).toMatchObject({
        error: { code: 'replaced' },
      });
      const current = finish(talk, 'end', { epoch: epoch + 2, content: 'x' });
      const { message } = sentOf(await world.append(current));
      expect(sentOf(await world.append(finish(talk, 'end', older)))).toEqual({
        ...{ message, duplicate: true },
      });
    });

    test('belongs to its conversation, and answers messages of it only', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const other = await world.talk({ agent: talk.agent });
      const elsewhere = await world.send(other, other.user, 'question');
      const replied = refusal(world.store.checkStream(check(talk, { reply_to: elsewhere.id })));
      expect((await replied).code).toBe('invalid_payload');
      const { message } = sentOf(await world.append(finish(talk, 'end', { content: 'x' })));
      const used = { code: 'conflict', messageId: message.id };
      expect(await refusal(world.store.checkStream(check(other)))).toMatchObject(used);
      expect(await world.append(finish(other, 'end', { content: 'x' }))).toMatchObject({
        error: { code: 'conflict', message_id: message.id },
      });
      const outsider = { ...talk, agent: await world.agent() };
      expect((await refusal(world.store.checkStream(check(outsider)))).code).toBe('not_found');
      expect(await world.append(finish(outsider, 'interrupt', { content: 'x' }))).toMatchObject({
        error: { code: 'not_found' },
      });
    });

    test('a deleted agent begins none; what people saw of its last one stays', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.store.deleteAgent({
        ...{ agent_id: talk.agent, by: { actor: { kind: 'admin', id: null }, ip: '192.0.2.1' } },
      });
      const error = await refusal(world.store.checkStream(check(talk)));
      expect(error).toBeInstanceOf(AppError);
      expect(error.code).toBe('conflict');
      const { message } = sentOf(
        await world.append(finish(talk, 'interrupt', { content: 'half' })),
      );
      expect(message).toMatchObject({ content: 'half', state: 'interrupted' });
    });
  });
}
