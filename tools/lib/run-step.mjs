import { Problem } from './problem.mjs';
import { runGroup } from './run-group.mjs';

const SHOW_EVERY_MS = 10_000;
const KEPT_CHARS = 20_000;

/**
 * Runs a command that may take long: says what it does, how long it has been at it, and shows its output
 * only when it fails. Everything goes to stderr: stdout belongs to the tool that is started afterwards.
 */
export async function runStep(title, command, args, { env = {}, quiet = false } = {}) {
  const began = Date.now();
  const say = (text) => process.stderr.write(`${text}\n`);
  if (!quiet) say(`${title} …`);
  const ticks = setInterval(() => {
    say(`  … ${title}: ${Math.round((Date.now() - began) / 1000)} s`);
  }, SHOW_EVERY_MS);
  let output = '';
  const onOutput = (chunk) => (output = (output + chunk).slice(-KEPT_CHARS));
  let status;
  try {
    status = await runGroup(command, args, { env, onOutput });
  } finally {
    clearInterval(ticks);
  }
  if (status === 0) return;
  throw new Problem(`${output.trimEnd()}\n\n${title}: failed. Its output is above.`);
}
