import { spawn } from 'node:child_process';
import { Problem } from './problem.mjs';
import { root } from './workspace.mjs';

const SHOW_EVERY_MS = 10_000;
const KEPT_CHARS = 20_000;

/**
 * Runs a command that may take long: says what it does, how long it has been at it, and shows its output
 * only when it fails. Everything goes to stderr: stdout belongs to the tool that is started afterwards.
 * SIGINT and SIGTERM end the command first, then this process.
 */
export async function runStep(title, command, args, { env = {}, quiet = false } = {}) {
  const began = Date.now();
  const say = (text) => process.stderr.write(`${text}\n`);
  if (!quiet) say(`${title} …`);

  const { output, status } = await new Promise((resolve) => {
    // A group of its own: npm ends on a signal without waiting for its children, so the group gets it.
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk) => (output = (output + chunk).slice(-KEPT_CHARS));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const ticks = setInterval(() => {
      say(`  … ${title}: ${Math.round((Date.now() - began) / 1000)} s`);
    }, SHOW_EVERY_MS);
    let stoppedBy;
    const stop = (signal) => {
      stoppedBy = signal;
      if (child.pid) killGroup(child.pid, 'SIGTERM');
    };
    process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
    const finish = (status) => {
      clearInterval(ticks);
      process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', stop);
      if (stoppedBy) process.exit(0);
      resolve({ output, status });
    };
    child.once('error', (error) => {
      collect(error.message);
      finish(1);
    });
    child.once('close', (code) => finish(code ?? 1));
  });

  if (status === 0) return;
  throw new Problem(`${output.trimEnd()}\n\n${title}: failed. Its output is above.`);
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended already.
  }
}
