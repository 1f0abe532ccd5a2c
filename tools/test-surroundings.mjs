// npm run test:surroundings: clients in many languages and proxies, those too that are too large for npm test. Says what
// it could not get.
import { join } from 'node:path';
import { bootstrap } from './lib/bootstrap.mjs';
import { main } from './lib/main.mjs';
import { ensureNodeVersions } from './lib/node-versions.mjs';
import { ensureOutsideSoftware } from './lib/outside-software.mjs';
import { runGroup } from './lib/run-group.mjs';
import { ensureSchemaStore } from './lib/schema-store.mjs';
import { root } from './lib/workspace.mjs';

/** Configurations of jest, and which of their tests. */
const RUNS = [
  ['tools/jest.surroundings.cjs', 'surroundings/'],
  ['tools/jest.config.cjs', 'tests/doctor/'],
  [
    'apps/e2e/jest.config.cjs',
    'tests/(browser/|examples|proxies|proxy-|python|redis-|surroundings/)',
  ],
  ['apps/e2e/jest.config.cjs', 'tests/reliability/redis-failover'],
];

await main(async () => {
  await bootstrap({ redis: true });
  await ensureNodeVersions();
  await ensureSchemaStore();
  await ensureOutsideSoftware({ heavy: true });
  for (const [config, tests] of RUNS) {
    const args = ['--config', join(root, config), '--verbose', `--testPathPatterns=${tests}`];
    const jest = [join(root, 'node_modules/jest/bin/jest.js'), ...args, ...process.argv.slice(2)];
    const onOutput = (chunk, target) => target.write(chunk);
    const status = await runGroup(process.execPath, jest, { onOutput });
    if (status !== 0) process.exitCode = 1;
  }
});
