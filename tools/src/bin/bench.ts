import { LaunchError } from '@agent-messenger/testkit';
import { UsageError } from '../command-line';
import { benchOptions, help } from '../bench/options';
import { isClean } from '../bench/report';
import { pushBenchOptions, pushHelp } from '../bench/push/options';
import { runPushBench } from '../bench/push/run-push-bench';
import { pushTable } from '../bench/push/table';
import { runBench } from '../bench/run-bench';
import { storeBenchOptions, storeHelp } from '../bench/store/options';
import { runStoreBench } from '../bench/store/run-store-bench';
import { storeTable } from '../bench/store/table';
import { table } from '../bench/table';

async function bench(args: string[]): Promise<number> {
  const options = benchOptions(args);
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const report = await runBench(options, surroundings());
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${table(report)}`);
  if (isClean(report)) return 0;
  console.error('Messages were lost, doubled, out of order or refused.');
  return 1;
}

async function pushBench(args: string[]): Promise<number> {
  const options = pushBenchOptions(args);
  if (options.help) {
    process.stdout.write(pushHelp);
    return 0;
  }
  const report = await runPushBench(options, surroundings());
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${pushTable(report)}`);
  if (report.missing + report.doubled + report.complaints.length === 0) return 0;
  console.error(
    ['Notifications were missing, doubled or refused.', ...report.complaints].join('\n'),
  );
  return 1;
}

async function storeBench(args: string[]): Promise<number> {
  const options = storeBenchOptions(args);
  if (options.help) {
    process.stdout.write(storeHelp);
    return 0;
  }
  const report = await runStoreBench(options, surroundings());
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${storeTable(report)}`);
  return 0;
}

/** Ends with the first signal. */
function surroundings() {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort(new LaunchError(`stopped by ${signal}`)));
  }
  return { signal: stopping.signal, say: (line: string) => console.error(line) };
}

const [kind, ...rest] = process.argv.slice(2);
const kinds: Record<string, typeof bench> = { push: pushBench, store: storeBench };
const own = kinds[kind ?? ''];
const running = own ? own(rest) : bench(process.argv.slice(2));
running.then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const expected = error instanceof UsageError || error instanceof LaunchError;
    console.error(expected ? error.message : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
