import { LaunchError } from '@agent-messenger/testkit';
import { UsageError } from '../command-line';

/** Aborted by the first signal that ends a program; from then on none of them ends it by itself. */
export function stopOnSignals(): AbortController {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort(new LaunchError(`stopped by ${signal}`)));
  }
  return stopping;
}

/** Ends the process with the code that the command comes to, or 2 for what nobody could carry out, or 1. */
export function exitWith(running: Promise<number>): void {
  running.then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const isExpected = error instanceof UsageError || error instanceof LaunchError;
      console.error(isExpected ? error.message : error);
      process.exitCode = error instanceof UsageError ? 2 : 1;
    },
  );
}
