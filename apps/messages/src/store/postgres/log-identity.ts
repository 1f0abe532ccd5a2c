import { AppError, type Logger } from '@agent-messenger/service-kit';
import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { UNHURRIED } from './driver/open-pool';
import type { OpeningCheck } from './driver/transactions';

export interface LogIdentity {
  opening: OpeningCheck;
  /** As it was last seen. */
  logId(): string;
  salt: Buffer;
}

interface LogIdentityOptions {
  /**
   * Whether a commit is answered only when a standby has it: then nothing is missing after a failover, and the log
   * remains the same one.
   */
  synchronous: boolean;
  log: Logger;
}

interface Found {
  log_id: string;
  recorded: string;
  /** Null: this server follows another one. */
  timeline: string | null;
}

const RENEWED_MS = 100;
const STANDBY_MS = 1_000;
const newId = () => `log_${randomBytes(12).toString('hex')}`;

/**
 * From the name of the file that is written now: the control file has a new timeline only after its first checkpoint.
 */
export const TIMELINE = 'substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)';
/**
 * A copy that was loaded into another server or database has none of the ids of transactions that its rows were stamped
 * with.
 */
export const PLACE = `(SELECT system_identifier FROM pg_control_system()) || '/' ||
  (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * Which log the database has. A server that was a standby before may lack what clients were told is committed, and
 * one that was set back to an earlier point does: both begin a timeline, and with it, unless a standby had everything,
 * another log, so that clients drop their positions and reload. Until that is written down nothing is answered.
 */
export async function openLogIdentity(
  pool: Pool,
  { synchronous, log }: LogIdentityOptions,
): Promise<LogIdentity> {
  await pool.query(
    `INSERT INTO meta (key, value) SELECT v.* FROM (VALUES ('log_id', $1::text), ('salt', $2::text),
       ('timeline', ${TIMELINE}), ('place', ${PLACE})) v (key, value)
     ORDER BY 1 ON CONFLICT DO NOTHING`,
    [newId(), randomBytes(32).toString('hex')],
  );
  await renew();
  const { rows } = await pool.query<{ key: string; value: string }>('SELECT key, value FROM meta');
  const meta = new Map(rows.map(({ key, value }) => [key, value]));
  let current = meta.get('log_id') ?? '';
  let renewing: Promise<void> | undefined;

  async function renew(): Promise<void> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      // Whoever comes second finds that it is done.
      await client.query(`SELECT 1 FROM meta WHERE key = 'timeline' FOR UPDATE`);
      const found = await client.query<{ same_timeline: boolean; same_place: boolean }>(
        `SELECT (SELECT value FROM meta WHERE key = 'timeline') = ${TIMELINE} AS same_timeline,
           (SELECT value FROM meta WHERE key = 'place') = ${PLACE} AS same_place`,
      );
      const { same_timeline = true, same_place = true } = found.rows[0] ?? {};
      if (!same_timeline || !same_place) {
        await client.query(`UPDATE meta SET value = ${TIMELINE} WHERE key = 'timeline'`);
        await client.query(`UPDATE meta SET value = ${PLACE} WHERE key = 'place'`);
        if (!same_place || !synchronous) {
          await client.query(`UPDATE meta SET value = $1 WHERE key = 'log_id'`, [newId()]);
        }
        if (!same_place) await forgetRevisions();
        log.warn({ same_place, synchronous }, 'the database continues from an earlier state');
      }
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }

    async function unhurried(text: string): Promise<void> {
      await client.query({ text, ...UNHURRIED });
    }

    async function forgetRevisions(): Promise<void> {
      for (const table of ['identities', 'conversations', 'members']) {
        await unhurried(`UPDATE ${table} SET rev = 0 WHERE rev > 0`);
      }
      await unhurried('UPDATE members SET gone_rev = 0 WHERE gone_rev > 0');
      await client.query(`DELETE FROM meta WHERE key = 'forgotten_rev'`);
    }
  }

  function noteOtherTimeline(): AppError {
    renewing ??= renew()
      .catch((error: unknown) => log.warn({ err: error }, 'the log could not be given an id'))
      .finally(() => (renewing = undefined));
    return new AppError('unavailable', 'The store continues from an earlier state.', {
      retryAfterMs: RENEWED_MS,
    });
  }

  return {
    salt: Buffer.from(meta.get('salt') ?? '', 'hex'),
    logId: () => current,
    opening: {
      sql: `SELECT (SELECT value FROM meta WHERE key = 'log_id') AS log_id,
        (SELECT value FROM meta WHERE key = 'timeline') AS recorded,
        CASE WHEN pg_is_in_recovery() THEN NULL ELSE ${TIMELINE} END AS timeline`,
      accept(row) {
        const { log_id, recorded, timeline } = row as Found;
        if (timeline === null) {
          throw new AppError('unavailable', 'The store only reads at the moment.', {
            retryAfterMs: STANDBY_MS,
          });
        }
        if (timeline !== recorded) throw noteOtherTimeline();
        current = log_id;
      },
    },
  };
}
