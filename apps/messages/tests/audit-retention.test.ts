import type { AuditRecord } from '@agent-messenger/contracts';
import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { startAuditRetention } from '../src/background/audit-retention';
import { BY, createWorld } from './conformance/world';
import { createTempStores, silent } from './temp-store';

const DAY_MS = 24 * 3_600_000;
const stores = createTempStores();
let scope: Scope;
beforeEach(() => {
  scope = new Scope(silent);
});
afterEach(async () => {
  await scope.close();
  await stores.cleanUp();
});

/** A store with 1,200 entries, and as many a day later. */
async function createFixture() {
  const world = await createWorld((options) => stores.open(options));
  const { store, clock } = world;
  const record: AuditRecord = { ...BY, action: 'user.login', target: null, result: 'ok' };
  const batch = Array.from({ length: 600 }, () => record);
  for (let n = 0; n < 4; n += 1) {
    if (n === 2) clock.ms += DAY_MS;
    await store.recordAudit({ records: batch });
  }
  const count = async () => (await store.listAudit({ limit: 9_999 })).entries.length;
  const start = (days: number) =>
    startAuditRetention({ store, log: silent, scope, days, everyMs: 5, now: () => clock.ms });
  return { world, count, start };
}

test('entries go when they are older than the retention, and the younger ones stay', async () => {
  const { world, count, start } = await createFixture();
  world.clock.ms += 30 * DAY_MS - DAY_MS + 1;
  start(30);
  await waitFor(async () => (await count()) === 1_200);
  world.clock.ms += DAY_MS - 2;
  await world.store.recordAudit({
    records: [{ ...BY, action: 'user.export', target: null, result: 'ok' }],
  });
  world.clock.ms += 1;
  expect(await count()).toBe(1_201);
  world.clock.ms += 1;
  await waitFor(async () => (await count()) === 1);
});

test('with 0 days they are kept for ever', async () => {
  const counter = () => {
    const counted = { calls: 0, pruneAudit: () => Promise.resolve(((counted.calls += 1), false)) };
    return counted;
  };
  const [kept, pruned] = [counter(), counter()];
  startAuditRetention({ store: kept, log: silent, scope, days: 0, everyMs: 5 });
  startAuditRetention({ store: pruned, log: silent, scope, days: 36_500, everyMs: 5 });
  await waitFor(() => pruned.calls > 3);
  expect(kept.calls).toBe(0);
});
