// npm start. Plain JavaScript without dependencies: nothing is installed when it runs for the first time.
import { createRequire } from 'node:module';
import { bootstrap } from './lib/bootstrap.mjs';
import { main } from './lib/main.mjs';
import { help, startOptions } from './lib/start-options.mjs';

await main(async () => {
  const options = startOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(help);
    return;
  }
  await bootstrap({ redis: !process.env.REDIS_URL });
  // In this process: there is one launcher, and signals reach it.
  await createRequire(import.meta.url)('./dist/start.js').start(options);
});
