// npm start. Plain JavaScript without dependencies: nothing is installed when it runs for the first time.
import { createRequire } from 'node:module';
import { bootstrap } from './lib/bootstrap.mjs';
import { checkNode } from './lib/check-node.mjs';
import { main } from './lib/main.mjs';
import { preflight } from './lib/preflight.mjs';
import { Stopped } from './lib/run-group.mjs';
import { help, startOptions } from './lib/start-options.mjs';

await main(async () => {
  const options = startOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(help);
    return;
  }
  checkNode();
  await preflight(options);
  try {
    const postgres = options.store === 'postgres' && !process.env.DATABASE_URL;
    await bootstrap({ redis: !process.env.REDIS_URL, postgres });
  } catch (error) {
    // As later, when everything runs: to be told to stop is no failure.
    if (error instanceof Stopped) return;
    throw error;
  }
  // In this process: there is one launcher, and signals reach it.
  await createRequire(import.meta.url)('./dist/start.js').start(options);
});
