import type { StoreReport } from './run-store-bench';

/** A report for people. */
export function storeTable(report: StoreReport): string {
  const { messages, node, cpus, appends_per_s, bytes_per_message } = report;
  const rate = (of: number | undefined) => Math.round(of ?? 0).toLocaleString('en');
  return [
    `${messages.toLocaleString('en')} messages of 200 bytes; node ${node}, ${cpus} CPUs`,
    '',
    `durable appends/s, first tenth  ${rate(appends_per_s[0])}`,
    `durable appends/s, last tenth   ${rate(appends_per_s.at(-1))}`,
    `bytes per message               ${Math.round(bytes_per_message)}`,
    `start with the store full       ${Math.round(report.start_ms)} ms`,
    `newest page of a conversation   ${report.history_ms.toFixed(1)} ms`,
    `backup, verified                ${report.backup_s.toFixed(1)} s`,
    '',
  ].join('\n');
}
