import { findRoot } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

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

/** Runs it in an environment of nothing but what it is told; a heartbeat is due every 3 s. */
export function runExample(
  { file, command, args = [], env = {} }: Example,
  { url, apiKey }: { url: string; apiKey: string },
): RunningExample {
  const child = spawn(command, [...args, join(findRoot(), 'examples', file)], {
    env: { ...env, AGENT_MESSENGER_URL: url, AGENT_API_KEY: apiKey, HEARTBEAT_S: '3' },
    // What a tool starts (`go run`) ends with it.
    detached: true,
  });
  const lines: string[] = [];
  const keep = (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return {
    lines,
    ended: once(child, 'exit').then(([code]) => code as number | null),
    kill() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid, 'SIGKILL');
    },
  };
}
