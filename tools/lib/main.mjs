import { Problem } from './problem.mjs';

/** Runs a command's main function; what the person can mend is one message and an exit code. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
