import type { ExportedRecord, Message } from '@agent-messenger/contracts';
import {
  BY,
  byUser,
  createWorld,
  later,
  readAll,
  refusal,
  type OpenStore,
  type World,
} from './world';

export function describeExport(open: OpenStore): void {
  describe('exporting a person', () => {
    const read = (world: World, user_id: string, limit: number) =>
      readAll(async (cursor) => {
        const page = await world.store.exportUser({ user_id, limit, cursor, by: BY });
        return { items: page.records, next_cursor: page.next_cursor };
      });
    const ofType = (records: ExportedRecord[], type: ExportedRecord['type']) =>
      records.filter((record) => record.type === type).map(({ data }) => data);

    test('tells everything that is kept about it, and nothing that lets somebody be it', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const created_at = later(clock.ms, 0);
      const { user_id } = await store.createUser({
        username: 'ada',
        password_hash: 'HIDDEN',
        by: byUser('usr_0', '192.0.2.8'),
      });
      const session = { user_id, refresh_digest: 'HIDDEN', expires_at: later(clock.ms, 9) };
      const { session_id } = await store.createSession({ ...session, by: byUser(user_id) });
      const registration = { device_id: 'phone', platform: 'apns', token: 'HIDDEN' } as const;
      await store.registerPush({ user_id, session_id, registration });
      const talk = await world.talk({ user: user_id, title: 'A talk' });
      const ids = { identity_id: user_id, conversation_id: talk.conversation };
      await store.updateConversation({ ...ids, tags: ['work'], muted: true });
      const asked = await world.send(talk, user_id, 'question');
      const answered = await world.send(talk, talk.agent, 'answer', { metadata: { a: 1 } });
      const foreign = await world.talk({ agent: talk.agent });
      await world.send(foreign, foreign.user, 'HIDDEN');
      const gone = await world.talk({ user: user_id });
      await world.send(gone, user_id, 'HIDDEN');
      await store.deleteConversation({ identity_id: user_id, conversation_id: gone.conversation });

      const records = (await read(world, user_id, 99)).flat();
      expect(JSON.stringify(records)).not.toContain('HIDDEN');
      expect(ofType(records, 'user')).toEqual([
        { id: user_id, username: 'ada', created_at, last_connected_at: null, disabled_at: null },
      ]);
      expect(ofType(records, 'session')).toEqual([
        { id: session_id, created_at, expires_at: later(clock.ms, 9), revoked_at: null },
      ]);
      expect(ofType(records, 'device')).toEqual([
        { device_id: 'phone', platform: 'apns', registered_at: created_at, quiet_hours: null },
      ]);
      const { id, title, tags, muted, archived } = await store.getConversation(ids);
      expect(ofType(records, 'conversation')).toEqual([
        { id, title, tags, muted, archived, created_at },
      ]);
      expect(ofType(records, 'message')).toEqual([asked, answered]);
      const entries = ofType(records, 'audit').map(({ action, ip }) => [action, ip]);
      expect(entries).toEqual([
        ['user.register', '192.0.2.8'],
        ['user.login', byUser('').ip],
        // The operator's address is not the person's.
        ['user.export', null],
      ]);
      const unknown = store.exportUser({ user_id: 'usr_none', limit: 9, by: BY });
      expect((await refusal(unknown)).code).toBe('not_found');
      const garbage = store.exportUser({ user_id, limit: 9, cursor: 'x', by: BY });
      expect((await refusal(garbage)).code).toBe('invalid_payload');
    });

    test('has no page without the entry of its first', async () => {
      const world = await createWorld(open);
      const [ada, bob] = [await world.user(), await world.user()];
      const ofAda = { user_id: ada, limit: 1, by: BY };
      const { next_cursor } = await world.store.exportUser(ofAda);
      const cursor = next_cursor ?? '';
      expect((await world.store.exportUser({ ...ofAda, cursor })).records).toHaveLength(1);
      const start = { section: 'account', after: 0 };
      const { mac } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { mac: string };
      for (const madeUp of [start, { value: start, mac }, { value: start, mac: '' }]) {
        const encoded = Buffer.from(JSON.stringify(madeUp)).toString('base64url');
        const page = world.store.exportUser({ ...ofAda, cursor: encoded });
        expect((await refusal(page)).code).toBe('invalid_payload');
      }
      const ofAnother = world.store.exportUser({ ...ofAda, user_id: bob, cursor });
      expect((await refusal(ofAnother)).code).toBe('invalid_payload');
    });

    test.each([1, 2, 3, 7, 1_000])('is the same in pages of %i', async (limit) => {
      const world = await createWorld(open);
      const user = await world.user();
      for (let n = 0; n < 2; n += 1) await world.session(user);
      await world.device(user);
      const expected: Message[] = [];
      const talks = [];
      for (let n = 0; n < 4; n += 1) talks.push(await world.talk({ user }));
      talks.sort((a, b) => (a.conversation < b.conversation ? -1 : 1));
      for (const [n, talk] of talks.entries()) {
        // One without messages among them.
        for (let m = 0; m < (n % 3) * 3; m += 1) {
          expected.push(await world.send(talk, m % 2 ? talk.agent : user, `${n}.${m}`));
        }
      }
      const pages = await read(world, user, limit);
      const full = pages.slice(0, -1);
      expect(full.map((page) => page.length)).toEqual(full.map(() => limit));
      expect(pages.at(-1)).not.toEqual([]);
      const records = pages.flat();
      expect(ofType(records, 'message')).toEqual(expected);
      expect(ofType(records, 'conversation').map(({ id }) => id)).toEqual(
        talks.map(({ conversation }) => conversation),
      );
      expect(records.map(({ type }) => type)).toEqual([
        'user',
        'session',
        'session',
        'device',
        'conversation',
        'conversation',
        ...Array<string>(3).fill('message'),
        'conversation',
        ...Array<string>(6).fill('message'),
        'conversation',
        ...Array<string>(4).fill('audit'),
      ]);
      // The export itself is told once, however many pages it has.
      expect(ofType(records, 'audit').at(-1)).toMatchObject({ action: 'user.export' });
    });

    test('a page ends early when its texts are long', async () => {
      const world = await createWorld(open);
      const talk = await world.talk();
      for (let n = 0; n < 40; n += 1) await world.send(talk, talk.agent, 'x'.repeat(60_000));
      const pages = await read(world, talk.user, 1_000);
      const sizes = pages.map((page) => Buffer.byteLength(JSON.stringify(page)));
      expect(Math.max(...sizes)).toBeLessThan(1_200_000);
      expect(ofType(pages.flat(), 'message')).toHaveLength(40);
    });
  });
}
