import { setMaxListeners } from 'node:events';
import { STORES, testCompose } from '../compose/test-compose';
import { parseOptions, UsageError } from '../command-line';
import { stopOnSignals } from './run-command';

const help = `npm run test:compose [-- --store postgres]

Builds the images and runs docker-compose.yml on the Docker engine that is here, as a project of its
own on a free port of 127.0.0.1: people and agents talk through the load balancer while a gateway and
messages are killed, Redis is restarted and everything is upgraded and recreated. All that they send
and receive is recorded and checked. Then backups are restored, and the store moves to PostgreSQL, by
the commands of the documentation. Nothing of it remains but the engine's build cache.

--store postgres takes docker-compose.postgres.yml as well: PostgreSQL is killed, too, replicas of
messages are upgraded one after the other, and a dump is restored after the database is lost.

Needs docker, and docker compose or docker-compose 1.29. Exit code: 0, or 1 with what did not hold.
`;

async function run(args: string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(help);
    return;
  }
  const values = parseOptions(args, { store: { type: 'string', default: 'sqlite' } });
  const store = STORES.find((name) => name === values.store);
  if (!store) throw new UsageError(`--store is one of: ${STORES.join(', ')}`);
  const stopping = stopOnSignals();
  // Every command and every peer hears of it.
  setMaxListeners(0, stopping.signal);
  // Containers do not end with us: what nobody expected ends the run in order, too.
  process.on('uncaughtException', (error) => stopping.abort(error));
  const say = (line: string) => process.stdout.write(`${line}\n`);
  await testCompose({ store, env: process.env, signal: stopping.signal, say });
  say('\npassed');
}

run(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error && error.name !== 'TypeError' ? error.message : error);
  process.exitCode = 1;
});
