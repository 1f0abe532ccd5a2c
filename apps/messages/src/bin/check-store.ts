import { createLogger, loadConfig } from '@agent-messenger/service-kit';
import { z } from 'zod';
import { databaseConfig } from '../store/postgres/database-config';
import { checkDatabase } from '../store-check/check-database';

const schema = z.object({
  ...databaseConfig,
  DATABASE_URL: databaseConfig.DATABASE_URL.unwrap(),
});

/** `check-store REPLICAS`, with the variables of messages: what the doctor says about PostgreSQL, as JSON. */
async function main(): Promise<void> {
  const [replicas = '2'] = process.argv.slice(2);
  const config = loadConfig(schema, process.env);
  const findings = await checkDatabase({
    url: config.DATABASE_URL,
    replication: config.DATABASE_REPLICATION,
    connections: config.DATABASE_CONNECTIONS,
    replicas: Number(replicas),
    log: createLogger({ name: 'check-store', level: 'silent' }),
  });
  console.log(JSON.stringify(findings));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
