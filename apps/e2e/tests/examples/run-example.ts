import { findRoot } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A program of `examples/`, and what runs it. */
export interface Example {
  name: string;
  /** In `examples`. */
  file: string;
  command: string;
  /** Before the file. */
  args?: string[];
  env?: Record<string, string>;
  /** All of these are needed. */
  needs: string[];
}

export interface RunningExample {
  /** What it has printed. */
  lines: string[];
  /** Its exit code, when it has ended by itself. */
  ended: Promise<number | null>;
  kill(): void;
}

/**
 * How long an agent waits for an answer to its heartbeat, on a machine on which anybody may stand still for seconds.
 */
export const HEARTBEAT_S = 8;

/** Runs it in an environment of nothing but what it is told. */
export function runExample(
  { file, command, args = [], env = {} }: Example,
  { url, apiKey }: { url: string; apiKey: string },
): RunningExample {
  const child = spawn(command, [...args, join(findRoot(), 'examples', file)], {
    env: { ...env, AGENT_MESSENGER_URL: url, AGENT_API_KEY: apiKey, HEARTBEAT_S: `${HEARTBEAT_S}` },
    // What a tool starts (`go run`) ends with it.
    detached: true,
  });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => line && lines.push(line));
  }
  return {
    lines,
    // Its end is noticed before the last that it has printed: `close` is after that.
    ended: once(child, 'close').then(([code]) => code as number | null),
    kill() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid, 'SIGKILL');
    },
  };
}
