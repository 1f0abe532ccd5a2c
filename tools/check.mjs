// .ci/run: what must hold before a change is merged: all tests, lint, types, format, no known holes in what is used.
// Ends as npm test does.
import { join } from 'node:path';
import { main } from './lib/main.mjs';
import { nx, nxEnv } from './lib/nx.mjs';
import { runGroup } from './lib/run-group.mjs';
import { runTests } from './lib/run-tests.mjs';
import { root } from './lib/workspace.mjs';

const CHECKS = {
  lint: [bin('eslint'), '-c', 'eslint.whole.mjs', '.'],
  // All that has no DOM as one program, the others as programs of their own.
  types: [bin('tsc'), '-p', '.'],
  'types of sdk, web and stack tests': nx(
    ...['run-many', '-t', 'typecheck', '--projects', 'tag:type:sdk,tag:type:web,tag:type:e2e'],
    ...['--parallel=1', '--outputStyle=static'],
  ),
  format: [bin('prettier'), '--check', '--log-level', 'warn', '.'],
  // Says that it was not run where the registry does not offer it.
  audit: [join(root, 'tools', 'audit.mjs')],
};

await main(() => runTests({ checks }));

/** One after the other, with what the tests leave of the processors. Shown one by one, not amid what others print. */
async function checks() {
  const failed = [];
  for (const [name, command] of Object.entries(CHECKS)) {
    let output = '';
    const onOutput = (chunk) => (output += chunk);
    const status = await runGroup(process.execPath, command, {
      env: nxEnv,
      onOutput,
      isPatient: true,
    });
    process.stdout.write(`\n> ${name}\n\n${output}`);
    if (status !== 0) failed.push(name);
  }
  return failed;
}

function bin(name) {
  return join(root, 'node_modules', '.bin', name);
}
