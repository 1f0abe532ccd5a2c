import { BY, createWorld, refusal, sendOf, sentOf, type OpenStore } from './world';

export function describeAppend(open: OpenStore): void {
  describe('append', () => {
    test('messages get the next seq, after the creation event', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const first = await world.send(talk, talk.user, 'one', { metadata: { a: [1, null] } });
      const second = await world.send(talk, talk.agent, 'two', { reply_to: first.id });
      expect(first).toEqual({
        id: expect.stringMatching(/^msg_/),
        conversation_id: talk.conversation,
        seq: 2,
        updated_seq: 2,
        sender: { kind: 'user', id: talk.user },
        client_id: expect.any(String),
        content: 'one',
        metadata: { a: [1, null] },
        reactions: [],
        created_at: new Date(world.clock.ms).toISOString(),
      });
      expect(second).toMatchObject({ seq: 3, reply_to: first.id, sender: { kind: 'agent' } });
    });

    test('a retry returns the first message, in the same batch and later, whatever the order of keys', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const send = sendOf(talk, talk.user, { metadata: { a: 1, b: { c: 2, d: 3 } } });
      const again = sendOf(talk, talk.user, { metadata: { b: { d: 3, c: 2 }, a: 1 } });
      const { results } = await world.store.append({ operations: [send, again] });
      const [first, second] = results.map(sentOf);
      expect(first?.duplicate).toBe(false);
      expect(second).toEqual({ message: first?.message, duplicate: true });
      expect(sentOf(await world.append(again))).toEqual({
        message: first?.message,
        duplicate: true,
      });
      const { events } = await readAll(talk.conversation, talk.user);
      expect(events).toHaveLength(2);

      function readAll(conversation_id: string, identity_id: string) {
        return world.store.readLog({
          identity_id,
          epoch: null,
          conversation_id,
          after_seq: 0,
          limit: 99,
        });
      }
    });

    test.each([
      ['content', { content: 'other' }],
      ['metadata', { metadata: { a: 1 } }],
      ['empty metadata', { metadata: {} }],
    ])(
      'a client_id used again with other %s is a conflict that names the message',
      async (_, change) => {
        const world = await createWorld(open);
        const talk = await world.talk();
        const { message } = sentOf(await world.append(sendOf(talk, talk.user, {})));
        expect(await world.append(sendOf(talk, talk.user, change))).toMatchObject({
          ok: false,
          error: { code: 'conflict', message_id: message.id },
        });
      },
    );

    test('a client_id is the sender’s: another conversation is a conflict, another sender is not', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const other = await world.talk({ user: talk.user });
      const { message } = sentOf(await world.append(sendOf(talk, talk.user, {})));
      expect(await world.append(sendOf(other, talk.user, {}))).toMatchObject({
        error: { code: 'conflict', message_id: message.id },
      });
      expect(sentOf(await world.append(sendOf(talk, talk.agent, {}))).duplicate).toBe(false);
    });

    test('an outsider is told the same as about a conversation that does not exist', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const outsider = await world.user();
      const unknown = { ...talk, conversation: 'cnv_none' };
      const answers = [
        await world.append(sendOf(talk, outsider, {})),
        await world.append(sendOf(unknown, talk.user, {})),
        await world.append(sendOf(talk, 'usr_none', { epoch: 7 })),
      ];
      for (const op of ['received', 'read']) {
        const position = { op, epoch: null, seq: 1, conversation_id: talk.conversation };
        answers.push(await world.append({ ...position, identity_id: outsider }));
        answers.push(
          await world.append({ ...position, conversation_id: 'cnv_none', identity_id: talk.user }),
        );
      }
      const { code, message } = await refusal(
        world.store.getConversation({ identity_id: outsider, conversation_id: talk.conversation }),
      );
      for (const answer of answers) expect(answer).toEqual({ ok: false, error: { code, message } });
      expect(code).toBe('not_found');
    });

    test('reply_to must be a message of the conversation', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const other = await world.talk({ user: talk.user });
      const elsewhere = await world.send(other, talk.user, 'elsewhere');
      for (const reply_to of ['msg_none', elsewhere.id]) {
        expect(await world.append(sendOf(talk, talk.user, { reply_to }))).toMatchObject({
          error: { code: 'invalid_payload' },
        });
      }
    });

    test('a refused operation takes nothing from the others of its batch', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const outsider = await world.user();
      const { results } = await world.store.append({
        operations: [
          sendOf(talk, talk.user, { client_id: 'a' }),
          sendOf(talk, outsider, { client_id: 'b' }),
          sendOf(talk, talk.user, { client_id: 'c' }),
        ],
      });
      expect(results.map((result) => result.ok)).toEqual([true, false, true]);
      expect([results[0], results[2]].map((r) => r && sentOf(r).message.seq)).toEqual([2, 3]);
    });

    test('positions are clamped to the log, only rise, and tell the others when they moved', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.send(talk, talk.agent, 'one');
      const base = { conversation_id: talk.conversation, identity_id: talk.user };
      expect(await world.move('received', talk, talk.user, 99)).toEqual({
        receipt: { ...base, delivered_seq: 2, read_seq: 0 },
        tell: [talk.agent],
      });
      expect(await world.move('received', talk, talk.user, 1)).toEqual({ tell: [] });
      expect(await world.move('received', talk, talk.user, 2)).toEqual({ tell: [] });
      expect(await world.move('read', talk, talk.user, 1)).toEqual({
        receipt: { ...base, delivered_seq: 2, read_seq: 1 },
        tell: [talk.agent],
      });
      expect(await world.move('read', talk, talk.user, 0)).toEqual({ tell: [] });
    });

    test('a position of another log is ignored: it would count what comes as delivered', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const operation = {
        op: 'received' as const,
        identity_id: talk.user,
        epoch: null,
        conversation_id: talk.conversation,
        seq: 1,
      };
      const move = (log_id: string) =>
        world.store.append({ operations: [{ ...operation, log_id }] });
      expect((await move('log_other')).results).toEqual([{ ok: true, moved: { tell: [] } }]);
      expect((await move(world.store.logId)).results).toMatchObject([
        { moved: { receipt: { delivered_seq: 1 } } },
      ]);
    });

    test('neither sending moves a position, nor reading the delivered one', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      await world.send(talk, talk.user, 'mine');
      await world.move('read', talk, talk.user, 2);
      const seen = await world.store.getConversation({
        identity_id: talk.user,
        conversation_id: talk.conversation,
      });
      expect(seen).toMatchObject({ delivered_seq: 0, read_seq: 2 });
    });

    test('what is written at once shares no fate: each is refused or done by itself', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      const ada = { username: 'ada', password_hash: 'h', by: BY };
      const own = { identity_id: talk.user, conversation_id: talk.conversation };
      const all = await Promise.allSettled([
        world.store.createUser(ada),
        world.store.createUser(ada),
        world.send(talk, talk.user, 'one'),
        world.store.updateConversation({ ...own, conversation_id: 'cnv_none', muted: true }),
        world.store.updateConversation({ ...own, muted: true }),
        world.send(talk, talk.agent, 'two'),
      ]);
      // Of two that ask for the same at once either may be first.
      const [one, other, ...rest] = all.map(({ status }) => status);
      expect([one, other].sort()).toEqual(['fulfilled', 'rejected']);
      expect(rest).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      expect(await world.store.getConversation(own)).toMatchObject({ last_seq: 3, muted: true });
      const { users } = await world.store.listUsers({ limit: 9, username: 'ada' });
      expect(users).toHaveLength(1);
    });
  });
}
