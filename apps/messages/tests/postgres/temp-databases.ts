import { startPostgres, type PostgresProcess } from '@agent-messenger/testkit';
import { Client } from 'pg';
import { openPool } from '../../src/store/postgres/driver/open-pool';
import {
  openPostgresStore,
  type PostgresStoreOptions,
} from '../../src/store/postgres/open-postgres-store';
import { migrate } from '../../src/store/postgres/schema/migrate';
import type { Store } from '../../src/store/store';
import { SECRET, silent } from '../temp-store';
import { statementsToEmpty } from './statements-to-empty';

/** Other databases' transactions would be seen by ours: what looks after statistics is not wanted. */
const SETTINGS = { autovacuum: 'off', max_connections: '200' };

export interface TempDatabases {
  server: PostgresProcess;
  /** DATABASE_URL of a new database, with tables and nothing in them. */
  create(): Promise<string>;
  /** The same of one that `closeAll` has closed, emptied: a new one is eight megabytes of files. */
  createOrEmpty(): Promise<string>;
  /** A store in a new database, or that of `url`; closed by `closeAll`. */
  open(options?: Partial<PostgresStoreOptions>): Promise<Store>;
  /** Statements of the superuser, in the database of `url`. */
  query<Row extends object>(url: string, sql: string): Promise<Row[]>;
  closeAll(): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL server of its own for a test file, and databases in it. */
export async function startDatabases(
  settings: Record<string, string> = {},
): Promise<TempDatabases> {
  const server = await startPostgres({ settings: { ...SETTINGS, ...settings } });
  const stores: Store[] = [];
  let count = 0;
  const [used, free]: [string[], string[]] = [[], []];
  let emptying: string | undefined;

  const named = (url: string, name: string) => Object.assign(new URL(url), { pathname: name }).href;
  async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
    const { pathname } = new URL(url);
    const client = new Client({ connectionString: named(server.adminUrl, pathname) });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  await query(server.adminUrl, 'CREATE DATABASE made OWNER messenger');
  const pool = openPool({ url: named(server.url, 'made'), connections: 1, log: silent });
  await migrate(pool, { log: silent });
  await pool.end();

  async function create(): Promise<string> {
    const name = `store_${(count += 1)}`;
    await query(server.adminUrl, `CREATE DATABASE ${name} TEMPLATE made OWNER messenger`);
    return named(server.url, name);
  }
  async function createOrEmpty(): Promise<string> {
    const given = free.pop();
    const url = given ?? (await create());
    used.push(url);
    if (given !== undefined) {
      emptying ??= await statementsToEmpty((sql) => query(named(url, 'made'), sql));
      await query(url, emptying);
    }
    return url;
  }
  async function closeAll(): Promise<void> {
    for (const store of stores.splice(0)) await store.close();
    free.push(...used.splice(0));
  }
  return {
    server,
    create,
    createOrEmpty,
    query,
    async open(options = {}) {
      const url = options.url ?? (await create());
      const store = await openPostgresStore({ ...options, url, secret: SECRET, log: silent });
      stores.push(store);
      return store;
    },
    closeAll,
    async stop() {
      await closeAll();
      await server.stop();
    },
  };
}
