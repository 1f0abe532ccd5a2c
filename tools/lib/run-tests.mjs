import { bootstrap } from './bootstrap.mjs';
import { checkNode } from './check-node.mjs';
import { ensureKubectl } from './kubectl.mjs';
import { ensureNodeVersions } from './node-versions.mjs';
import { nx, nxEnv } from './nx.mjs';
import { ensureOutsideSoftware } from './outside-software.mjs';
import { ensureRedisServer } from './redis.mjs';
import { runGroup } from './run-group.mjs';
import { countTests, listFailures } from './test-output.mjs';

const STACK_TESTS = '@agent-messenger/e2e';

/**
 * Runs all tests, from a clean clone too, and ends with what failed and "N passed, N failed".
 * @param extra further arguments of each run of Nx
 * @param checks resolves with the names of what failed; runs beside tests that mostly wait
 */
export async function runTests({ extra = [], checks = async () => [] } = {}) {
  checkNode();
  // What npm brings is compiled for a minute or two: what the system has comes meanwhile.
  await Promise.all([fromNpm(), fromSystem()]);
  const test = (...args) => runNx('run-many', ...args, ...extra);
  const ofProjects = await test('-t', 'test', '--exclude', STACK_TESTS);
  // Whole stacks: after the rest, and those that load the machine after the others.
  const [ofStacks, failedChecks] = await Promise.all([
    (async () => [
      await test('-t', 'test', '--projects', STACK_TESTS),
      await test('-t', 'test-heavy', '--projects', STACK_TESTS),
    ])(),
    checks(),
  ]);
  report([ofProjects, ...ofStacks], failedChecks);
}

async function fromNpm() {
  await bootstrap({ redis: false });
  await ensureNodeVersions();
}

async function fromSystem() {
  await ensureRedisServer();
  await ensureKubectl();
  await ensureOutsideSoftware();
}

function report(runs, failedChecks) {
  const output = runs.map((run) => run.output).join('\n');
  const total = countTests(output);
  const isBroken = runs.some(({ status }) => status !== 0);
  // A run that ended without a summary must not look like a success.
  if (isBroken && total.failed === 0) total.failed = 1;
  const failures = [...listFailures(output), ...failedChecks];
  if (isBroken && failures.length === 0) failures.push('a run of Nx');
  if (failures.length > 0) {
    process.exitCode = 1;
    process.stdout.write(`\nFailed:\n${failures.map((each) => `  ${each}\n`).join('')}`);
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
}

/**
 * Shows the output project by project and keeps it. For what has not changed Nx repeats the output of the
 * last run, so the sum is that of all tests either way.
 */
async function runNx(...args) {
  const chunks = [];
  const onOutput = (chunk, target) => {
    chunks.push(chunk);
    target.write(chunk);
  };
  const command = nx(...args, '--outputStyle=static');
  const status = await runGroup(process.execPath, command, { env: nxEnv, onOutput });
  return { status, output: Buffer.concat(chunks).toString() };
}
