import type { PhaseResult } from './run-phase';
import { isClean, makeReport, median, type RunResult } from './report';
import { table } from './table';

const setting = {
  pairs: 1,
  gateways: 2,
  transport: 'ws' as const,
  seconds: 1,
  node: 'v20',
  cpus: 2,
};

function phase(messages_per_s: number, wrong: Partial<PhaseResult> = {}): PhaseResult {
  const latency = { p50: messages_per_s, p95: 2, p99: 3 };
  return {
    messages_per_s,
    ack_ms: latency,
    delivery_ms: latency,
    counted: messages_per_s,
    lost: 0,
    duplicates: 0,
    out_of_order: 0,
    failures: {},
    generator_busy: 0.5,
    ...wrong,
  };
}

function run(
  system: RunResult['system'],
  messages_per_s: number,
  wrong?: Partial<PhaseResult>,
): RunResult {
  return { system, saturation: phase(messages_per_s, wrong), steady: phase(500) };
}

test('the median of an odd and an even number of values', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('medians of each system, and the median of the ratios of adjacent runs', () => {
  const report = makeReport(setting, [
    run('ours', 100),
    run('baseline', 100),
    run('ours', 300),
    run('baseline', 100),
    run('ours', 200),
    run('baseline', 400),
  ]);

  expect(report.ours.saturation.messages_per_s).toBe(200);
  expect(report.ours.saturation.ack_ms.p50).toBe(200);
  expect(report.baseline?.saturation.messages_per_s).toBe(100);
  expect(report.ratio).toBe(1);
});

test('without a baseline there is no ratio', () => {
  expect(makeReport(setting, [run('ours', 100)])).not.toHaveProperty('ratio');
});

test.each([{ lost: 1 }, { duplicates: 1 }, { out_of_order: 1 }, { failures: { unavailable: 1 } }])(
  'a run with %j is not clean, and the table shows it',
  (wrong) => {
    const report = makeReport(setting, [run('ours', 1), run('ours', 1, wrong), run('ours', 1)]);

    expect(isClean(report)).toBe(false);
    expect(table(report)).toMatch(/1 \/ 0 \/ 0|0 \/ 1 \/ 0|0 \/ 0 \/ 1|1 unavailable/);
  },
);

test('a run in which every message arrived once, in order, is clean', () => {
  expect(isClean(makeReport(setting, [run('ours', 1)]))).toBe(true);
});
