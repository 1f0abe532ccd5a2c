import {
  AUDIT_ACTIONS,
  type AuditEntry,
  type AuditRecord,
  type Origin,
} from '@agent-messenger/contracts';
import fc from 'fast-check';
import {
  BY,
  byUser,
  createWorld,
  later,
  readAll,
  refusal,
  refusals,
  type OpenStore,
  type World,
} from './world';

const NOBODY: Origin = { actor: { kind: 'anyone', id: null }, ip: '198.51.100.9' };

export function describeAudit(open: OpenStore): void {
  describe('the audit log', () => {
    interface Filter {
      action?: AuditEntry['action'];
      identity_id?: string;
    }
    async function list(world: World, filter: Filter = {}, limit = 50): Promise<AuditEntry[]> {
      const pages = await readAll(async (cursor) => {
        const { entries, next_cursor } = await world.store.listAudit({ ...filter, limit, cursor });
        return { items: entries, next_cursor };
      });
      return pages.flat();
    }
    const brief = ({ action, actor, target, ip, result }: AuditEntry) => ({
      action,
      actor,
      target,
      ip,
      result,
    });
    /** What was added since `before`, oldest first. */
    async function added(world: World, act: () => Promise<unknown>) {
      const before = (await list(world)).length;
      await act();
      const entries = (await list(world)).reverse();
      return entries.slice(before).map(brief);
    }

    test('every change that someone asked for has its entry: who, from where, what, when', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const session = (user_id: string, refresh_digest: string) => ({
        user_id,
        refresh_digest,
        expires_at: later(clock.ms, 100_000),
      });
      const ok = (by: Origin, action: string, target: string) => [
        { ...by, action, target, result: 'ok' },
      ];
      const { user_id: ada } = await store.createUser({
        username: 'ada',
        password_hash: 'h',
        by: NOBODY,
      });
      const self = byUser(ada);
      expect((await list(world)).map(brief)).toEqual(ok(NOBODY, 'user.register', ada));
      expect((await list(world))[0]).toMatchObject({
        id: expect.stringMatching(/^aud_/),
        at: later(clock.ms, 0),
      });

      const created = await added(world, () =>
        store.createUser({ username: 'bob', password_hash: 'h', by: BY }),
      );
      const bob = (await store.findUser({ username: 'bob' })).user?.user_id ?? '';
      expect(created).toEqual(ok(BY, 'user.create', bob));

      const did = (act: () => Promise<unknown>) => added(world, act);
      expect(await did(() => store.createSession({ ...session(ada, 'd1'), by: NOBODY }))).toEqual(
        ok(NOBODY, 'user.login', ada),
      );
      const rotation = { expires_at: later(clock.ms, 100_000), by: NOBODY };
      const rotate = (refresh_digest: string, next_digest: string) =>
        store.rotateSession({ refresh_digest, next_digest, ...rotation });
      expect(await did(() => rotate('d1', 'd2'))).toEqual([]);
      await rotate('d2', 'd3');
      expect(await did(() => rotate('d1', 'd4'))).toEqual([
        { ...NOBODY, action: 'user.refresh', target: ada, result: 'unauthorized' },
      ]);
      expect(await did(() => rotate('d1', 'd4'))).toEqual([]);
      await store.createSession({ ...session(ada, 'e1'), by: NOBODY });
      const logout = { refresh_digest: 'e1', everywhere: false, by: self };
      expect(await did(() => store.endSession(logout))).toEqual(ok(self, 'user.logout', ada));
      expect(await did(() => store.endSession(logout))).toEqual([]);
      const password = { user_id: ada, password_hash: 'x' };
      expect(await did(() => store.updateUser({ ...password, by: self }))).toEqual(
        ok(self, 'user.password', ada),
      );
      expect(await did(() => store.updateUser({ ...password, by: BY }))).toEqual(
        ok(BY, 'user.update', ada),
      );
      const exported = { user_id: ada, limit: 1, by: BY };
      expect(await did(() => store.exportUser(exported))).toEqual(ok(BY, 'user.export', ada));
      expect(await did(() => store.eraseUser({ user_id: bob, by: BY }))).toEqual(
        ok(BY, 'user.erase', bob),
      );
      expect(await did(() => store.eraseUser({ user_id: ada, by: self }))).toEqual(
        ok(self, 'user.delete', ada),
      );
    });

    test('agents and keys: a key’s entries are found by the key’s agent as well', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const { id: agent_id } = await store.createAgent({
        name: 'A',
        key_id: 'k1',
        key_hash: 'h',
        by: BY,
      });
      const key = { agent_id, key_hash: 'h', name: 'k', expires_at: null, overlap_s: 0, by: BY };
      await store.createAgentKey({ ...key, key_id: 'k2' });
      await store.revokeAgentKey({ agent_id, key_id: 'k1', by: BY });
      await store.revokeAgentKey({ agent_id, key_id: 'k1', by: BY });
      await store.updateAgent({ agent_id: agent_id as `agt_${string}`, name: 'B', by: BY });
      const refused = {
        action: 'agent.authenticate',
        target: 'k2',
        result: 'unauthorized',
      } as const;
      await store.recordAudit({ records: [{ ...NOBODY, ...refused }] });
      await world.agent();
      await store.deleteAgent({ agent_id, by: BY });
      const entries = (await list(world, { identity_id: agent_id })).reverse();
      expect(entries.map(({ action, target }) => [action, target])).toEqual([
        ['agent.create', agent_id],
        ['key.create', 'k2'],
        ['key.revoke', 'k1'],
        ['agent.update', agent_id],
        ['agent.authenticate', 'k2'],
        ['agent.delete', agent_id],
      ]);
    });

    test('what is refused leaves no entry of having been done', async () => {
      const world = await createWorld(open);
      const { store } = world;
      const user = { username: 'ada', password_hash: 'h', by: BY };
      await store.createUser(user);
      const none = { user_id: 'usr_none', agent_id: 'agt_none', key_id: 'none', by: BY };
      const entries = await added(world, async () => {
        await refusals([
          store.createUser(user),
          store.updateUser({ ...none, disabled: true }),
          store.eraseUser(none),
          store.exportUser({ ...none, limit: 1 }),
          store.deleteAgent(none),
          store.revokeAgentKey(none),
        ]);
      });
      expect(entries).toEqual([]);
    });

    const people = ['usr_a', 'usr_b', 'agt_c'];
    const records = fc.array(
      fc.record({
        action: fc.constantFrom(...AUDIT_ACTIONS.slice(0, 3)),
        actor: fc.oneof(
          fc.constant({ kind: 'admin' as const, id: null }),
          fc.record({ kind: fc.constant('user' as const), id: fc.constantFrom(...people) }),
        ),
        target: fc.option(fc.constantFrom(...people, 'cnv_x')),
        ip: fc.constantFrom(null, '192.0.2.1', '2001:db8::1'),
        result: fc.constantFrom('ok' as const, 'unauthorized' as const, 'rate_limited' as const),
      }),
      { minLength: 1, maxLength: 40 },
    );
    test('pages by action, by identity as actor or target, by both or by none, newest first', async () => {
      await fc.assert(
        fc.asyncProperty(
          records,
          fc.record(
            {
              action: fc.constantFrom(...AUDIT_ACTIONS.slice(0, 3)),
              identity_id: fc.constantFrom(...people, 'usr_none'),
            },
            { requiredKeys: [] },
          ),
          fc.integer({ min: 1, max: 7 }),
          async (all, filter, limit) => {
            const world = await createWorld(open);
            const half = Math.ceil(all.length / 2);
            await world.store.recordAudit({ records: all.slice(0, half) });
            if (all.length > half) await world.store.recordAudit({ records: all.slice(half) });
            const matches = ({ action, actor, target }: AuditRecord) =>
              (filter.action === undefined || filter.action === action) &&
              (filter.identity_id === undefined || [actor.id, target].includes(filter.identity_id));
            const entries = await list(world, filter, limit);
            expect(entries.map(brief)).toEqual(all.filter(matches).reverse());
            const ids = entries.map(({ id }) => id);
            expect(ids).toEqual([...ids].sort().reverse());
            await world.store.close();
          },
        ),
        { numRuns: 25 },
      );
    });

    test('an entry that is added while it is being paged moves nothing', async () => {
      const world = await createWorld(open);
      const { store } = world;
      for (let n = 0; n < 4; n += 1) await world.user();
      const before = await list(world);
      const first = await store.listAudit({ limit: 2 });
      await world.user();
      const second = await store.listAudit({ limit: 2, cursor: first.next_cursor ?? '' });
      expect([...first.entries, ...second.entries]).toEqual(before);
      expect(second.next_cursor).toBeNull();
      const garbage = store.listAudit({ limit: 2, cursor: 'x' });
      expect((await refusal(garbage)).code).toBe('invalid_payload');
    });

    test('is pruned from its old end, step by step', async () => {
      const world = await createWorld(open);
      const { store, clock } = world;
      const record: AuditRecord = { ...NOBODY, action: 'user.login', target: null, result: 'ok' };
      const many = Array.from({ length: 700 }, () => record);
      await store.recordAudit({ records: many });
      clock.ms += 1;
      await store.recordAudit({ records: [record] });
      const newest = (await list(world, {}, 500))[0];
      expect(await store.pruneAudit(later(clock.ms, -1))).toBe(false);
      expect(await list(world, {}, 500)).toHaveLength(701);

      expect(await store.pruneAudit(later(clock.ms, 0))).toBe(true);
      expect((await list(world, {}, 500)).length).toBeGreaterThan(1);
      expect(await store.pruneAudit(later(clock.ms, 0))).toBe(false);
      expect(await list(world)).toEqual([newest]);
      // Ids go on rising when nothing is left.
      await store.pruneAudit(later(clock.ms, 1));
      expect(await list(world)).toEqual([]);
      await store.recordAudit({ records: [record] });
      expect((await list(world))[0]?.id.localeCompare(newest?.id ?? '')).toBe(1);
    });
  });
}
