import { chaosOptions, help } from '../chaos/options';
import { runChaos } from '../chaos/run-chaos';
import { failures, table } from '../chaos/table';
import { exitWith, stopOnSignals } from './run-command';

async function chaos(args: string[]): Promise<number> {
  const options = chaosOptions(args);
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  console.error(`seed ${options.seed}`);
  const report = await runChaos(options, {
    signal: stopOnSignals().signal,
    say: (line) => console.error(line),
  });
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${table(report)}`);
  if (report.violations.length === 0) return 0;
  console.error(failures(report));
  return 1;
}

exitWith(chaos(process.argv.slice(2)));
