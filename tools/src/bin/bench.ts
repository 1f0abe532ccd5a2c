import { abuseBenchOptions, abuseHelp } from '../bench/abuse/options';
import { abuseTable, excesses } from '../bench/abuse/report';
import { runAbuseBench } from '../bench/abuse/run-abuse-bench';
import { benchOptions, help } from '../bench/options';
import { isClean } from '../bench/report';
import { pushBenchOptions, pushHelp } from '../bench/push/options';
import { runPushBench } from '../bench/push/run-push-bench';
import { pushTable } from '../bench/push/table';
import { ratiosBenchOptions, ratiosHelp } from '../bench/ratios/options';
import { runRatiosBench } from '../bench/ratios/run-ratios-bench';
import { ratiosTable } from '../bench/ratios/table';
import { runBench } from '../bench/run-bench';
import { storeBenchOptions, storeHelp } from '../bench/store/options';
import { runStoreBench } from '../bench/store/run-store-bench';
import { storeTable } from '../bench/store/table';
import { streamsBenchOptions, streamsHelp } from '../bench/streams/options';
import { runStreamsBench, streamsAreClean } from '../bench/streams/run-streams-bench';
import { streamsTable } from '../bench/streams/table';
import type { BenchContext } from '../bench/system';
import { table } from '../bench/table';
import { webBenchOptions, webHelp } from '../bench/web/options';
import { faults, webTable } from '../bench/web/report';
import { runWebBench } from '../bench/web/run-web-bench';
import { exitWith, stopOnSignals } from './run-command';

/** One kind of bench: what it takes, does and says. */
interface Bench<Options extends { help: boolean; json: boolean }, Report> {
  options: (args: string[]) => Options;
  help: string;
  run: (options: Options, context: BenchContext) => Promise<Report>;
  table: (report: Report) => string;
  /** What the exit code 1 is for, for people; undefined: all is well. */
  problem?: (report: Report) => string | undefined;
}

/** @returns the exit code */
type Command = (args: string[]) => Promise<number>;

function command<Options extends { help: boolean; json: boolean }, Report>({
  options: parse,
  help,
  run,
  table,
  problem,
}: Bench<Options, Report>): Command {
  return async (args) => {
    const options = parse(args);
    if (options.help) {
      process.stdout.write(help);
      return 0;
    }
    const report = await run(options, benchContext());
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${table(report)}`);
    const told = problem?.(report);
    if (told === undefined) return 0;
    if (told !== '') console.error(told);
    return 1;
  };
}

const messages = command({
  options: benchOptions,
  help,
  run: runBench,
  table,
  problem: (report) =>
    isClean(report) ? undefined : 'Messages were lost, doubled, out of order or refused.',
});
const kinds: Record<string, Command> = {
  push: command({
    options: pushBenchOptions,
    help: pushHelp,
    run: runPushBench,
    table: pushTable,
    problem: ({ missing, doubled, complaints }) =>
      missing + doubled + complaints.length === 0
        ? undefined
        : ['Notifications were missing, doubled or refused.', ...complaints].join('\n'),
  }),
  ratios: command({
    options: ratiosBenchOptions,
    help: ratiosHelp,
    run: runRatiosBench,
    table: ratiosTable,
    // The table says which.
    problem: ({ faults }) => (faults.length === 0 ? undefined : ''),
  }),
  store: command({
    options: storeBenchOptions,
    help: storeHelp,
    run: runStoreBench,
    table: storeTable,
  }),
  abuse: command({
    options: abuseBenchOptions,
    help: abuseHelp,
    run: runAbuseBench,
    table: abuseTable,
    // The table says it.
    problem: (report) =>
      report.failed.length > 0 || report.rows.some((row) => excesses(report, row).length > 0)
        ? ''
        : undefined,
  }),
  streams: command({
    options: streamsBenchOptions,
    help: streamsHelp,
    run: runStreamsBench,
    table: streamsTable,
    problem: (report) =>
      streamsAreClean(report)
        ? undefined
        : 'Texts were not whole, or tokens came twice or out of order.',
  }),
  web: command({
    options: webBenchOptions,
    help: webHelp,
    run: runWebBench,
    table: webTable,
    problem: (report) => {
      const missed = faults(report);
      return missed.length === 0 ? undefined : `Aims were missed: ${missed.join(', ')}.`;
    },
  }),
};

/** Ends with the first signal. */
function benchContext(): BenchContext {
  return {
    env: process.env,
    signal: stopOnSignals().signal,
    say: (line: string) => console.error(line),
  };
}

const [kind, ...rest] = process.argv.slice(2);
const own = kinds[kind ?? ''];
exitWith(own ? own(rest) : messages(process.argv.slice(2)));
