import type { StoreFigures, StoreReport } from './run-store-bench';
import { storeTable } from './table';

const figures: StoreFigures = {
  appends_per_s: [9_000, 8_000, 6_000, 3_000],
  cpu_us: [90, 120],
  bytes_per_message: 396.4,
  start_ms: 500,
  connect_ms: 20,
  listing_ms: 4,
  history_ms: 1,
};
const report: StoreReport = {
  ...{ messages: 500_000, store: 'postgres', node: 'v20', cpus: 2 },
  ours: figures,
};

test('what a store has no figure for has no line', () => {
  const table = storeTable(report);
  expect(table).toContain('500,000 messages of 200 bytes, postgres');
  expect(table).toMatch(/^durable appends\/s, last tenth +3,000$/m);
  expect(table).not.toMatch(/backup|other build/);
});

test('beside another build each line has the ratio of ours to it', () => {
  const against = { ...figures, appends_per_s: [9_000, 8_000, 6_000, 1_500], backup_s: 2 };
  const table = storeTable({ ...report, ours: { ...figures, backup_s: 3 }, against });
  expect(table).toMatch(/^durable appends\/s, last tenth +3,000 +1,500 +2\.00$/m);
  expect(table).toMatch(/^backup, verified +3\.0 s +2\.0 s +1\.50$/m);
});
