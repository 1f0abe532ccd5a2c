import { LaunchError } from '@agent-messenger/testkit';
import { benchOptions, help, UsageError } from '../bench/options';
import { isClean } from '../bench/report';
import { runBench } from '../bench/run-bench';
import { table } from '../bench/table';

async function bench(args: string[]): Promise<number> {
  const options = benchOptions(args);
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort(new LaunchError(`stopped by ${signal}`)));
  }
  const report = await runBench(options, {
    signal: stopping.signal,
    say: (line) => console.error(line),
  });
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${table(report)}`);
  if (isClean(report)) return 0;
  console.error('Messages were lost, doubled, out of order or refused.');
  return 1;
}

bench(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const expected = error instanceof UsageError || error instanceof LaunchError;
    console.error(expected ? error.message : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
