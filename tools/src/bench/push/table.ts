import type { PushReport } from './run-push-bench';

/** A report for people. */
export function pushTable(report: PushReport): string {
  const { people, platform, node, cpus, pushes_per_s, latency_ms, cpu_us, missing, doubled } =
    report;
  const { p50, p95, p99, max } = latency_ms;
  const parts = Object.entries(cpu_us).map(([name, us]) => `${name} ${us}`);
  return [
    `${people} offline people, ${platform}; node ${node}, ${cpus} CPUs`,
    '',
    `pushes/s                              ${Math.round(pushes_per_s).toLocaleString('en')}`,
    `commit to provider ms p50/p95/p99/max ${[p50, p95, p99, max].join(' / ')}`,
    `CPU of a notification, µs             ${parts.join(', ')}`,
    `missing/doubled                       ${missing} / ${doubled}`,
    '',
  ].join('\n');
}
