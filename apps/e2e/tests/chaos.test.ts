import { findRoot } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

// One round: each fault once, with its recovery, and then the checks of what everybody has. Half of the clients use Socket.IO,
// half a plain WebSocket.
const ARGUMENTS = ['--minutes', '0.1', '--seed', '20260', '--pairs', '6', '--json'];
const FAULTS = [
  'deploy',
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
  counts: { acks: number };
  faults: { fault: string; worst_ms: number | null }[];
  violations: unknown[];
}

test('what is promised holds under every fault', async () => {
  const entry = join(findRoot(), 'tools', 'dist', 'chaos.js');
  const chaos = spawn(process.execPath, [entry, ...ARGUMENTS], {
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
  expect(report.counts.acks).toBeGreaterThan(500);
}, 180_000);
