import type { Operation } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import type { Store } from '../../src/store/store';
import { createWorld, entriesOf, refusal, sendOf, type Talk } from './world';

/** A handle on a database, in a process of its own. */
export interface StoreHandle {
  store: Store;
  /** Ends the process as a crash does: nothing more is written, nobody is told. */
  kill(): Promise<void>;
}

/** A database, and all that may happen to those who work with it. */
export interface StoreSystem {
  /** Rejects where a handle lives and the store allows no other beside it. */
  open(): Promise<StoreHandle>;
  /** Opens a transaction that writes, and leaves it open until it is released. */
  holdTransaction(): Promise<{ release(): Promise<void> }>;
  /** Whether handles may live beside each other. */
  allowsMany: boolean;
}

/** What must hold of every store whatever its processes meet. */
export function describeSystems(create: () => Promise<StoreSystem>): void {
  describe('a store whose processes die', () => {
    async function begin() {
      const system = await create();
      const first = await system.open();
      const world = await createWorld(async () => first.store);
      return { system, first, world };
    }
    async function killAndOpen(system: StoreSystem, handle: StoreHandle): Promise<Store> {
      await handle.kill();
      return (await system.open()).store;
    }
    /** Who died may be given a moment before what it had is given to somebody else. */
    async function takenOver(store: Store, until: number): Promise<number[]> {
      return waitFor(
        async () => {
          const seqs = (await entriesOf(store)).map(({ event }) => event.seq);
          return seqs.at(-1) === until ? seqs : undefined;
        },
        { describe: 'all to be taken over' },
      );
    }
    const logOf = async (store: Store, talk: Talk, who = talk.agent) => {
      const ids = { identity_id: who, conversation_id: talk.conversation };
      return (await store.readLog({ ...ids, epoch: null, after_seq: 0, limit: 999 })).events;
    };

    test('what was answered is there: messages, retries, the place in the log', async () => {
      const { system, first, world } = await begin();
      const talk = await world.talk();
      const operation = sendOf(talk, talk.user, { client_id: 'k', content: 'kept' });
      const [sent] = (await first.store.append({ operations: [operation] })).results;
      const second = await killAndOpen(system, first);
      expect(second.logId).toBe(first.store.logId);
      const next = sendOf(talk, talk.agent, { client_id: 'n' });
      const { results } = await second.append({ operations: [operation, next] });
      expect(results[0]).toEqual({
        ok: true,
        sent: { ...(sent as object as { sent: object }).sent, duplicate: true },
      });
      expect(results[1]).toMatchObject({ sent: { duplicate: false, message: { seq: 3 } } });
      expect((await logOf(second, talk)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    });

    test('who takes over gets everything that the last one had not noted as done', async () => {
      const { system, first, world } = await begin();
      const talk = await world.talk();
      for (const content of ['one', 'two']) await world.send(talk, talk.user, content);
      const taken = await first.store.nextEntries(2);
      taken?.done();
      await world.send(talk, talk.user, 'three');
      (await first.store.nextEntries(1))?.done();
      const second = await killAndOpen(system, first);
      // What was noted a moment before may come again.
      const seqs = await takenOver(second, 4);
      expect(seqs).toEqual([1, 2, 3, 4].slice(-seqs.length));
    });

    test('a listing goes on from a token of before', async () => {
      const { system, first, world } = await begin();
      const talk = await world.talk();
      const since = async (store: Store, sync_token: string) => {
        const query = { identity_id: talk.user, since: sync_token, limit: 9 };
        const { conversations, sync_token: next } = await store.listConversations(query);
        return { ids: conversations.map(({ id }) => id), next };
      };
      const { sync_token } = await first.store.listConversations({
        identity_id: talk.user,
        limit: 9,
      });
      const second = await killAndOpen(system, first);
      const quiet = await since(second, sync_token);
      expect(quiet.ids).toEqual([]);
      await second.append({ operations: [sendOf(talk, talk.agent, { client_id: 'n' })] });
      for (const token of [sync_token, quiet.next]) {
        expect((await since(second, token)).ids).toEqual([talk.conversation]);
      }
    });

    test('a purge goes on with another one', async () => {
      const { system, first, world } = await begin();
      const talk = await world.talk();
      const operations = Array.from({ length: 500 }, (_, n) =>
        sendOf(talk, talk.agent, { client_id: `c${n}` }),
      );
      await first.store.append({ operations });
      const ids = { identity_id: talk.user, conversation_id: talk.conversation };
      await first.store.deleteConversation(ids);
      expect(await first.store.purge()).toBe(true);
      const second = await killAndOpen(system, first);
      let steps = 0;
      while (await second.purge()) steps += 1;
      expect(steps).toBeGreaterThan(1);
      expect((await logOf(second, talk)).map(({ type }) => type)).toEqual(['conversation.deleted']);
    });

    test('what a newer connection has fenced stays fenced', async () => {
      const { system, first, world } = await begin();
      const talk = await world.talk();
      const credential_id = await world.session(talk.user);
      const identity_id = talk.user;
      await first.store.connect({ identity_id, credential_id, epoch: 5, counterparts: 0 });
      const second = await killAndOpen(system, first);
      const append = (epoch: number) =>
        second.append({
          operations: [sendOf(talk, talk.user, { client_id: `e${epoch}`, epoch }) as Operation],
        });
      expect((await append(4)).results).toMatchObject([{ error: { code: 'replaced' } }]);
      expect((await append(5)).results).toMatchObject([{ ok: true }]);
    });

    test('whether one can live beside another is kept to', async () => {
      const { system, first, world } = await begin();
      const talk = await world.talk();
      if (!system.allowsMany) {
        await expect(system.open()).rejects.toThrow(/in use by another process/);
        const second = await killAndOpen(system, first);
        expect(await logOf(second, talk)).toHaveLength(1);
        return;
      }
      const { store } = await system.open();
      expect(await logOf(store, talk)).toHaveLength(1);
    });
  });

  describe('a store in which a transaction is left open', () => {
    /** Its seq; 0 when it is refused for now. */
    async function trySend(store: Store, talk: Talk): Promise<number> {
      const operations = [sendOf(talk, talk.user, { client_id: 'c' })];
      const answer = await store.append({ operations }).catch(() => undefined);
      const [result] = answer?.results ?? [];
      return result?.ok && 'sent' in result ? result.sent.message.seq : 0;
    }

    test('nothing that is accepted meanwhile or later is missed by consumers or sync tokens', async () => {
      const system = await create();
      const { store } = await system.open();
      const world = await createWorld(async () => store);
      const talk = await world.talk();
      const list = (since?: string) =>
        store.listConversations({ identity_id: talk.agent, limit: 9, since });
      const before = await list();
      const held = await system.holdTransaction();
      const during = await list(before.sync_token);
      const first = await trySend(store, talk);
      const meanwhile = await list(during.sync_token);
      await held.release();
      const seq = first || (await trySend(store, talk));
      expect(seq).toBe(2);
      for (const { sync_token } of [before, during]) {
        expect((await list(sync_token)).conversations).toMatchObject([{ last_seq: 2 }]);
      }
      if (first === 0) {
        const after = await list(meanwhile.sync_token);
        expect(after.conversations).toMatchObject([{ last_seq: 2 }]);
      }
      expect((await entriesOf(store)).map(({ event }) => event.seq)).toEqual([1, 2]);
    });

    test('a refusal says that it passes, and when to come again', async () => {
      const system = await create();
      const { store } = await system.open();
      const world = await createWorld(async () => store);
      const talk = await world.talk();
      const held = await system.holdTransaction();
      const send = store.append({ operations: [sendOf(talk, talk.user, { client_id: 'c' })] });
      if (!system.allowsMany) {
        expect(await refusal(send)).toMatchObject({
          code: 'unavailable',
          retryAfterMs: expect.any(Number) as number,
        });
      }
      await held.release();
      const again = await store.append({
        operations: [sendOf(talk, talk.user, { client_id: 'c' })],
      });
      expect(again.results).toMatchObject([{ sent: { message: { seq: 2 } } }]);
    });
  });
}
