// npm test: all tests of all projects, from a clean clone too. Ends with "N passed, N failed".
import { bootstrap } from './lib/bootstrap.mjs';
import { countTests } from './lib/count-tests.mjs';
import { ensureKubectl } from './lib/kubectl.mjs';
import { main } from './lib/main.mjs';
import { nx, nxEnv } from './lib/nx.mjs';
import { runGroup } from './lib/run-group.mjs';

const STACK_TESTS = '@agent-messenger/e2e';

await main(async () => {
  await bootstrap({ redis: true });
  await ensureKubectl();
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
  const chunks = [];
  const onOutput = (chunk, target) => {
    chunks.push(chunk);
    target.write(chunk);
  };
  const command = nx(...args, '--outputStyle=static');
  const status = await runGroup(process.execPath, command, { env: nxEnv, onOutput });
  return { status, output: Buffer.concat(chunks).toString() };
}
