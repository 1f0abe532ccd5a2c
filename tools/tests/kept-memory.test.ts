import { waitFor } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeptMemory } from '../src/bench/kept-memory';

const MIB = 1024 * 1024;
const probe = join(__dirname, '..', 'dist', 'kept-memory.js');

/** Two lists of some 40 MiB, of which it lets one go when it is asked, and a thread that has let one go. */
const program = `
  const { Worker } = require('node:worker_threads');
  const make = () => Array.from({ length: 600_000 }, (_, n) => ({ n, text: 'x' + n }));
  const lists = [make(), make()];
  process.on('SIGUSR2', () => lists.pop());
  const code = 'let list = (' + make + ')(); list = undefined; setInterval(() => {}, 1e6); ' +
    'require("node:worker_threads").parentPort.postMessage("ready")';
  new Worker(code, { eval: true }).on('message', () => console.log(process.memoryUsage().heapUsed));
`;

test('what a process keeps is told without the garbage of any thread', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'am-kept-'));
  const child = spawn(process.execPath, ['--require', probe, '--eval', program], {
    env: { KEPT_MEMORY: join(dir, 'kept') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const before = Number(line.toString());
    child.kill('SIGUSR2');
    const file = join(dir, `kept-${child.pid}`);
    await waitFor(() => existsSync(file), { timeoutMs: 60_000, describe: 'what it keeps' });
    const { threads } = JSON.parse(readFileSync(file, 'utf8')) as KeptMemory;
    const [main = 0, worker = 0] = threads.map(({ heapUsed }) => heapUsed);
    expect(main / before).toBeGreaterThan(0.4);
    expect(main / before).toBeLessThan(0.75);
    expect(worker).toBeGreaterThan(0);
    expect(worker).toBeLessThan(20 * MIB);
  } finally {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
});
