import { runPushBench, type PushReport } from '../push/run-push-bench';
import { median } from '../report';
import type { BenchContext } from '../system';
import type { RatiosBenchOptions } from './options';
import type { RowResult } from './rows';

const PEOPLE = 1_000;
/** PUSH_GRACE_MS, by default. */
const GRACE_MS = 2_000;

/** Pushes of a stack that starts for each round, beside another build's. */
export async function measurePushes(
  { rounds, against }: RatiosBenchOptions,
  context: BenchContext,
): Promise<RowResult> {
  const ours: PushReport[] = [];
  const others: PushReport[] = [];
  for (let n = 0; n < rounds; n += 1) {
    ours.push(await run(context));
    if (against !== undefined) others.push(await run(context, against));
  }
  const perSecond = ({ pushes_per_s }: PushReport): number => pushes_per_s;
  const afterGrace = ({ latency_ms }: PushReport): number => latency_ms.p50 - GRACE_MS;
  const figure = (of: (report: PushReport) => number, show: (value: number) => string) => ({
    ours: show(median(ours.map(of))),
    beside: others.length === 0 ? '' : `other build ${show(median(others.map(of)))}`,
    value: median(ours.map(of)),
  });
  return {
    ratios: [
      {
        what: 'pushes/s, one worker',
        ...figure(perSecond, (value) => Math.round(value).toLocaleString('en')),
        aim: { least: 5_000 },
      },
      {
        what: 'commit to provider less the grace, p50, s',
        ...figure(
          (report) => afterGrace(report) / 1_000,
          (value) => value.toFixed(2),
        ),
        aim: { most: 0.2 },
      },
    ],
    faults: [...ours, ...others].flatMap(({ missing, doubled, complaints }) =>
      missing + doubled === 0 ? complaints : [`pushes: ${missing} missing, ${doubled} doubled`],
    ),
  };
}

async function run(context: BenchContext, build?: string): Promise<PushReport> {
  const report = await runPushBench(
    { people: PEOPLE, platform: 'apns', json: false, help: false },
    context,
    build,
  );
  context.say(`${build ?? 'ours'}: ${Math.round(report.pushes_per_s)} pushes/s`);
  return report;
}
