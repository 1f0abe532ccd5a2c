import type { Logger } from '@agent-messenger/service-kit';
import { Pool } from 'pg';
import { valueTypes } from './value-types';

export interface PoolOptions {
  /** postgres://… */
  url: string;
  /** Connections at most. */
  connections: number;
  log: Logger;
  /**
   * How long a statement may take, milliseconds; 0: as long as it takes. By default longer than any transaction of the
   * store.
   */
  answerTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any statement may take at the server: the network, or the server's machine, is gone. */
const ANSWER_TIMEOUT_MS = 25_000;
/** Of one statement on a connection of the store that may take hours: as long as a timer goes. */
export const UNHURRIED = { query_timeout: 2 ** 31 - 1 };
const IDLE_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;

/**
 * Connections to the database. Nothing is set at their start but what every pooler lets through, and no statement is
 * named, so that a pooler in transaction mode may stand before the server.
 */
export function openPool({
  url,
  connections,
  log,
  answerTimeoutMs = ANSWER_TIMEOUT_MS,
}: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    // Statements of a transaction go out together.
    pipeline: true,
    types: valueTypes,
    application_name: 'agent-messenger',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: answerTimeoutMs,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    allowExitOnIdle: true,
  });
  // Who uses the connection is told by its query.
  const note = (error: Error) => log.debug({ err: error }, 'a connection to the database ended');
  pool.on('error', note);
  pool.on('connect', (client) => client.on('error', note));
  return pool;
}
