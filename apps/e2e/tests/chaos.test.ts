import { findRoot, hasPythonWith, runsHere } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const FAULTS = [
  'deploy',
  'kill-agents',
  'kill-gateway',
  'kill-messages',
  'partition',
  'pause-gateway',
  'restart-redis',
  'slow-reader',
  'take-over',
];

interface Report {
  transport: string;
  agents: { typescript: number; python: number };
  counts: { acks: number; streamed: number; chosen: number };
  faults: { fault: string; overlapped: number }[];
  violations: unknown[];
}

// Each is one round: each fault once, some of them at the same time, with the recovery, and then the checks of what
// everybody has. Half of the clients use Socket.IO, half a plain WebSocket; of the agents some are written in Python.
// The partitions are from Redis, while a gateway is killed, and from messages, while another one is paused; in the
// second Redis comes back empty, and agents are killed in the middle of a deploy.
test.each([
  [20_261_203, 'redis'],
  [20_261_410, 'messages'],
])(
  'what is promised holds under every fault: seed %d, partition from %s',
  async (seed, from) => {
    const entry = join(findRoot(), 'tools', 'dist', 'chaos.js');
    const options = ['--minutes', '0.1', '--seed', `${seed}`, '--pairs', '6', '--json'];
    const chaos = spawn(process.execPath, [entry, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, progress, [code]] = await Promise.all([
      text(chaos.stdout),
      text(chaos.stderr),
      once(chaos, 'close'),
    ]);
    // The progress says what was broken, with the seed and what happened around it.
    if (code !== 0) throw new Error(progress);
    const report = JSON.parse(output) as Report;
    expect(report.transport).toBe('both');
    expect(report.violations).toEqual([]);
    expect(report.faults.map(({ fault }) => fault).toSorted()).toEqual(FAULTS);
    expect(progress).toMatch(new RegExp(`\\+ partition gateway=0 from=${from}`));
    expect(report.faults.filter(({ overlapped }) => overlapped > 0).length).toBeGreaterThan(1);
    expect(report.counts.acks).toBeGreaterThan(500);
    expect(report.counts.streamed).toBeGreaterThan(20);
    expect(report.counts.chosen).toBeGreaterThan(20);
    if (runsHere(hasPythonWith('websockets')))
      expect(report.agents).toEqual({ typescript: 4, python: 2 });
  },
  600_000,
);
