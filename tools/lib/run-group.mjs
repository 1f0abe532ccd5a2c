import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { Problem } from './problem.mjs';
import { root } from './workspace.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** We were told to end; what we ran has ended. */
export class Stopped extends Problem {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`Stopped by ${signal}.`, 128 + constants.signals[signal]);
  }
}

/**
 * Runs a command and resolves with its exit code. SIGINT, SIGTERM and SIGHUP end it and all that it has started,
 * and then reject with `Stopped`.
 * @param isPatient takes what others leave of the processors
 */
export async function runGroup(
  command,
  args,
  { cwd = root, env = {}, onOutput, isPatient = false },
) {
  // A group of its own: npm and Nx end on a signal without waiting for their children, so the group gets it.
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (isPatient && child.pid !== undefined) giveWay(child.pid);
  child.stdout.on('data', (chunk) => onOutput(chunk, process.stdout));
  child.stderr.on('data', (chunk) => onOutput(chunk, process.stderr));
  let stoppedBy;
  const stop = (signal) => {
    // Compilers and package managers take a while to end.
    if (!stoppedBy) process.stderr.write('Stopping …\n');
    stoppedBy ??= signal;
    killGroup(child.pid, 'SIGTERM');
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const status = await new Promise((resolve) => {
      child.once('error', (error) => {
        onOutput(Buffer.from(`${command}: ${error.message}\n`), process.stderr);
        resolve(1);
      });
      child.once('close', (code) => resolve(code ?? 1));
    });
    if (stoppedBy) {
      // What has closed its output may still be there.
      killGroup(child.pid, 'SIGKILL');
      throw new Stopped(stoppedBy);
    }
    return status;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

function giveWay(pid) {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
    // Linux shares the processors out among sessions first; priorities count within one.
    writeFileSync(`/proc/${pid}/autogroup`, '19');
  } catch {
    // Ended already, or no such thing here: it takes its share.
  }
}

function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended already.
  }
}
