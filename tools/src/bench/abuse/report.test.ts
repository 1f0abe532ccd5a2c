import type { KeptMemory } from '../kept-memory';
import { abuseTable, excesses, type AbuseReport, type AbuseRow } from './report';

const MIB = 1024 * 1024;

const others: AbuseRow['others'] = {
  messages_per_s: 200,
  ack_ms: { p50: 5, p95: 8, p99: 10 },
  delivery_ms: { p50: 5, p95: 8, p99: 10 },
  counted: 2_000,
  lost: 0,
  duplicates: 0,
  out_of_order: 0,
  failures: {},
  generator_busy: 0.1,
};

function kept(rss: number, used: number): Record<string, KeptMemory> {
  const heaps = { heapUsed: used * MIB, heapTotal: used * MIB, external: 0 };
  return { messages: { rss: rss * MIB, threads: [heaps, heaps] } };
}

function row(changes: Partial<AbuseRow> = {}): AbuseRow {
  return {
    name: 'somebody',
    does: 'something',
    others,
    memory: { most: { messages: 200 * MIB }, after: { messages: 180 * MIB }, kept: kept(120, 25) },
    answered: { ok: 3 },
    ended: [],
    ...changes,
  };
}

function report(rows: AbuseRow[]): AbuseReport {
  const memory = { most: { messages: 150 * MIB }, kept: kept(110, 20) };
  return { seconds: 10, quiet: others, memory, rows, failed: [] };
}

test.each<[string, Partial<AbuseRow>, string[]]>([
  ['nothing', {}, []],
  ['slow acks', { others: { ...others, ack_ms: { ...others.ack_ms, p99: 80.1 } } }, ['p99']],
  ['acks at the bound', { others: { ...others, ack_ms: { ...others.ack_ms, p99: 80 } } }, []],
  [
    'much memory meanwhile',
    { memory: { ...row().memory, most: { messages: 279 * MIB } } },
    ['memory'],
  ],
  ['garbage afterwards', { memory: { ...row().memory, after: { messages: 270 * MIB } } }, []],
  ['memory that is kept', { memory: { ...row().memory, kept: kept(143, 50) } }, ['memory kept']],
  ['a process that ended', { ended: ['gateway-1'] }, ['gateway-1 ended']],
  [
    'others that were refused',
    { others: { ...others, failures: { rate_limited: 1 } } },
    ['others: rate_limited'],
  ],
  ['a message that is lost', { others: { ...others, lost: 1 } }, ['others: lost or doubled']],
])('%s', (_what, changes, expected) => {
  const one = row(changes);
  expect(excesses(report([one]), one)).toEqual(expected);
});

test('a table has a verdict on each, and says what was not answered', () => {
  const rows = [row(), row({ name: 'slow', answered: {}, ended: ['redis'] })];
  const table = abuseTable({ ...report(rows), failed: [{ name: 'gone', reason: 'why' }] });
  expect(table).toMatch(
    /^somebody +10\.0 +50 messages +30 messages +10 messages +10 messages +3 × ok +ok$/m,
  );
  expect(table).toMatch(/^slow .* no round ended +redis ended$/m);
  expect(table).toContain('gone: not measured: why');
  expect(table).toContain('1 of 3 within their bounds');
});
