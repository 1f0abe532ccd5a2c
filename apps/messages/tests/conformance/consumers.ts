import { catchUp, createWorld, entriesOf, pushesOf, type OpenStore } from './world';

export function describeConsumers(open: OpenStore): void {
  describe('consumers of the log', () => {
    test('each gets everything, until it is done with it', async () => {
      const world = await createWorld(open);
      const { store } = world;
      expect(await store.nextEntries(9)).toBeUndefined();
      expect(await store.nextPushes('push', { ageMs: 0, limit: 9 })).toBeUndefined();
      const talk = await world.talk();
      await world.device(talk.user);
      await world.send(talk, talk.agent, 'one');
      const all = await entriesOf(store);
      expect(all.map(({ event }) => event.seq)).toEqual([1, 2]);
      expect(await entriesOf(store)).toEqual(all);
      await catchUp(store, 'relay');
      expect(await entriesOf(store)).toEqual([]);
      expect(await pushesOf(store)).toHaveLength(1);
      await catchUp(store, 'push');
      expect(await pushesOf(store)).toEqual([]);
      await world.send(talk, talk.agent, 'two');
      expect((await entriesOf(store)).map(({ event }) => event.seq)).toEqual([3]);
      expect(await pushesOf(store)).toHaveLength(1);
    });

    test('the relay gets messages as the log has them, also when they were changed since', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      const { user, agent, conversation: conversation_id } = talk;
      await catchUp(store, 'relay');
      const logged = async (after_seq: number) =>
        (
          await store.readLog({
            ...{ identity_id: user, epoch: null, conversation_id },
            ...{ after_seq, limit: 9 },
          })
        ).events;
      const relayed = async () => (await entriesOf(store)).map(({ event }) => event);

      const first = await world.send(talk, user, 'one', { metadata: { a: [1] } });
      await world.send(talk, agent, 'two', { reply_to: first.id });
      const created = await entriesOf(store);
      expect(created.map(({ event }) => event)).toEqual(await logged(1));
      expect(created.map(({ to }) => [...to].sort())).toEqual([
        [user, agent].sort(),
        [user, agent].sort(),
      ]);

      const by = { identity_id: user, epoch: null, conversation_id };
      await store.append({ operations: [{ op: 'delete', ...by, message_id: first.id }] });
      const changed = await relayed();
      expect(changed.map(({ type }) => type)).toEqual([
        ...['message.created', 'message.created', 'message.deleted'],
      ]);
      expect(changed[0]).toMatchObject({ message: { content: null } });
      await world.send(talk, user, 'three');
      expect(await relayed()).toEqual(await logged(1));
      await catchUp(store, 'relay');

      // In one commit with what changes something.
      const other = world.talk();
      const sent = world.send(talk, user, 'four');
      await Promise.all([other, sent]);
      const ofTalk = (await relayed()).filter((event) => event.conversation_id === conversation_id);
      expect(ofTalk).toEqual(await logged(5));
    });

    test('the relay need not bring a message to its sender whose gateway does; to the others it does', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const talk = await world.talk();
      const { user, agent } = talk;
      await catchUp(store, 'relay');
      await world.send(talk, user, 'one', { own: true });
      await world.send(talk, agent, 'two');
      const brought = await entriesOf(store);
      expect(brought.map(({ to }) => [...to].sort())).toEqual([[agent], [user, agent].sort()]);
    });

    test('each has a lag, which counts what it is not done with', async () => {
      const world = await createWorld(open);
      const { store } = world;
      expect(await store.lagOf('relay')).toEqual({ events: 0, seconds: 0 });
      const talk = await world.talk();
      await world.send(talk, talk.agent, 'one');
      expect(await store.lagOf('relay')).toMatchObject({ events: 2 });
      const stretch = await store.nextEntries(1);
      expect(await store.lagOf('relay')).toMatchObject({ events: 2 });
      stretch?.done();
      expect([await store.lagOf('relay'), await store.lagOf('push')]).toMatchObject([
        { events: 1 },
        { events: 2 },
      ]);
      await catchUp(store, 'relay');
      expect(await store.lagOf('relay')).toEqual({ events: 0, seconds: 0 });
    });
  });
}
