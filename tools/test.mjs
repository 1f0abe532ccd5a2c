// npm test: all tests of all projects, from a clean clone too. Ends with "N passed, N failed".
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bootstrap } from './lib/bootstrap.mjs';
import { countTests } from './lib/count-tests.mjs';
import { main } from './lib/main.mjs';
import { nx, nxEnv } from './lib/nx.mjs';
import { root } from './lib/workspace.mjs';

const STACK_TESTS = '@agent-messenger/e2e';

await main(async () => {
  await bootstrap({ redis: true });
  const extra = process.argv.slice(2);
  const runs = [
    await test('run-many', '-t', 'test', '--exclude', STACK_TESTS, ...extra),
    // Alone: they run whole stacks and watch the clock.
    await test('run-many', '-t', 'test', '--projects', STACK_TESTS, ...extra),
  ];
  const total = countTests(runs.map(({ output }) => output).join('\n'));
  const broken = runs.some(({ status }) => status !== 0);
  // A run that ended without a summary must not look like a success.
  if (broken && total.failed === 0) total.failed = 1;
  if (broken || total.failed > 0) process.exitCode = 1;
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
});

/**
 * Shows the output project by project and keeps it. For what has not changed Nx repeats the output of the
 * last run, so the sum is that of all tests either way.
 */
async function test(...args) {
  const child = spawn(process.execPath, nx(...args, '--outputStyle=static'), {
    cwd: root,
    env: { ...process.env, ...nxEnv },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks = [];
  const keep = (target) => (chunk) => {
    chunks.push(chunk);
    target.write(chunk);
  };
  child.stdout.on('data', keep(process.stdout));
  child.stderr.on('data', keep(process.stderr));
  const [status] = await once(child, 'close');
  return { status, output: Buffer.concat(chunks).toString() };
}
