import { LaunchError } from '@agent-messenger/testkit';
import { UsageError } from '../command-line';
import { chaosOptions, help } from '../chaos/options';
import { runChaos } from '../chaos/run-chaos';
import { failures, table } from '../chaos/table';

async function chaos(args: string[]): Promise<number> {
  const options = chaosOptions(args);
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort(new LaunchError(`stopped by ${signal}`)));
  }
  console.error(`seed ${options.seed}`);
  const report = await runChaos(options, {
    signal: stopping.signal,
    say: (line) => console.error(line),
  });
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${table(report)}`);
  if (report.violations.length === 0) return 0;
  console.error(failures(report));
  return 1;
}

chaos(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const expected = error instanceof UsageError || error instanceof LaunchError;
    console.error(expected ? error.message : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
