import { Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { diskBytes, watchDisk } from '../src/storage/disk-reserve';
import { QuotaRefusals } from '../src/storage/quota-refusals';
import { reserveBytes } from '../src/storage/storage-config';
import { storageState } from '../src/storage/storage-state';
import { silent } from './temp-store';

const scopes: Scope[] = [];
afterEach(async () => {
  for (const scope of scopes.splice(0)) await scope.close();
});

async function watch(free: () => Promise<number>, everyMs = 3_600_000) {
  const scope = new Scope(silent);
  scopes.push(scope);
  const metrics = new Registry();
  const options = { path: '/tmp/x.db', reserveBytes: 1_000, log: silent, metrics, scope };
  const disk = await watchDisk({ ...options, everyMs, free });
  const low = async () =>
    (await metrics.getMetricsAsJSON()).find(({ name }) => name === 'messages_storage_low')
      ?.values[0]?.value;
  return { disk, low };
}

test('the reserve is reached and left with a margin, and is told', async () => {
  let bytes = 1_000;
  const { disk, low } = await watch(() => Promise.resolve(bytes));
  const after = async (now: number) => {
    bytes = now;
    await disk.look();
    return disk.isLow();
  };
  expect(disk.isLow()).toBe(false);
  expect(await after(999)).toBe(true);
  expect(await low()).toBe(1);
  const store = { lastEventAt: async () => new Date(Date.now() + 3_600_000).toISOString() };
  const { clock_behind_ms, ...state } = await storageState({
    disk,
    refusals: { recent: () => 2 },
    store,
  });
  expect(clock_behind_ms).toBeGreaterThan(0);
  expect(clock_behind_ms).toBeLessThanOrEqual(3_600_000);
  expect(state).toEqual({
    status: 'low',
    free_bytes: 999,
    reserve_bytes: 1_000,
    at_quota: 2,
  });
  expect(await after(1_049)).toBe(true);
  expect(await after(1_050)).toBe(false);
  expect(await low()).toBe(0);
});

test('it is what is configured, and of a small disk a tenth', async () => {
  const config = { STORAGE_RESERVE_MIB: 512 };
  expect(reserveBytes(config, 2 ** 40)).toBe(2 ** 29);
  expect(reserveBytes(config, 40_000_005)).toBe(4_000_000);
  expect(reserveBytes({ STORAGE_RESERVE_MIB: 0 }, 2 ** 40)).toBe(0);
  expect(await diskBytes(join(tmpdir(), 'x.db'))).toBeGreaterThan(2 ** 20);
  expect(await diskBytes('/nowhere/x.db')).toBe(Infinity);
});

test('a file system that does not answer changes nothing', async () => {
  let answer = Promise.resolve(1);
  const { disk } = await watch(() => answer);
  expect(disk.isLow()).toBe(true);
  answer = Promise.reject(new Error('stale'));
  await disk.look();
  expect(disk).toMatchObject({ freeBytes: null });
  expect(disk.isLow()).toBe(true);
});

test('it is looked at again and again', async () => {
  let bytes = 2_000;
  const { disk } = await watch(() => Promise.resolve(bytes), 1);
  bytes = 1;
  await waitFor(() => disk.isLow());
});

test('who was refused for a quota is counted once, and for an hour', () => {
  let now = 0;
  const refusals = new QuotaRefusals(new Registry(), () => now);
  refusals.note('usr_1', 'person', 'day');
  refusals.note('usr_1', 'person', 'all');
  now = 1_800_000;
  refusals.note('usr_2', 'person', 'day');
  expect(refusals.recent()).toBe(2);
  now = 3_600_001;
  expect(refusals.recent()).toBe(1);
});
