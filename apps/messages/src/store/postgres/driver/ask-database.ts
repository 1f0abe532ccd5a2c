import type { Pool } from 'pg';
import type { DatabaseFigures } from '../../../postgres-metrics';

/** Sync tokens are as old as the oldest transaction that writes, whoever has left it open. */
const FIGURES = `SELECT coalesce((SELECT extract(epoch FROM clock_timestamp() - min(xact_start))::float8
    FROM pg_stat_activity WHERE backend_xid IS NOT NULL), 0) AS oldest_s,
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint - pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS behind,
  pg_database_size(current_database())::bigint AS bytes`;

export async function askDatabase(pool: Pool): Promise<DatabaseFigures> {
  const { rows } = await pool.query<DatabaseFigures>(FIGURES);
  return rows[0] ?? { oldest_s: 0, behind: 0, bytes: 0 };
}
