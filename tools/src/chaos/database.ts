import {
  startPgBouncer,
  startPostgres,
  startPostgresPair,
  type PostgresPair,
  type Stack,
} from '@agent-messenger/testkit';
import type { SystemOptions } from './system';

/** A PostgreSQL beside the stack. */
export interface ChaosDatabase {
  url: string;
  /** What messages has to know of it. */
  env: Record<string, string>;
  /** Ends it, or its primary, as a crash does; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Where the stack's own does not do: a primary with a standby, or PgBouncer in between. */
export async function startDatabase({
  store,
  faults,
  pgbouncer,
}: Pick<SystemOptions, 'store' | 'faults' | 'pgbouncer'>): Promise<ChaosDatabase | undefined> {
  const isPair = faults.includes('failover');
  if (store === 'sqlite' || (!isPair && !pgbouncer)) return undefined;
  const server = isPair ? await startPostgresPair() : await startSingle();
  try {
    const pooler = pgbouncer ? await startPgBouncer(server.url) : undefined;
    return {
      url: pooler?.url ?? server.url,
      env: isPair ? { DATABASE_REPLICATION: 'synchronous' } : {},
      kill: () => server.kill(),
      start: () => server.start(),
      failOver: () => server.failOver(),
      async stop() {
        await pooler?.stop();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startSingle(): Promise<PostgresPair> {
  const server = await startPostgres();
  return {
    url: server.url,
    kill: () => server.kill(),
    start: () => server.start(),
    failOver: noStandby,
    stop: () => server.stop(),
  };
}

/** That of the stack, which has no standby. */
export function ownDatabase(stack: Stack): Pick<ChaosDatabase, 'kill' | 'start' | 'failOver'> {
  return {
    kill: () => stack.postgres.kill(),
    start: () => stack.postgres.start(),
    failOver: noStandby,
  };
}

function noStandby(): Promise<never> {
  return Promise.reject(new Error('this PostgreSQL has no standby'));
}
