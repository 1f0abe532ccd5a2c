import { createLogger } from '@agent-messenger/service-kit';
import BetterSqlite3 from 'better-sqlite3';
import { DatabaseError } from 'pg';
import { databaseProblem } from '../store-check/database-problem';
import { copyStore } from '../store/copy/copy-store';
import { databaseConfig } from '../store/postgres/database-config';

/**
 * `copy-store FILE`, and the URL of the database in DATABASE_URL: a listing of processes shows neither its password. Says how
 * far it is on stderr, and on stdout what was copied, as JSON, or why nothing was, with an exit code of 1.
 */
async function main(): Promise<void> {
  const [from = ''] = process.argv.slice(2);
  const url = databaseConfig.DATABASE_URL.unwrap().safeParse(process.env['DATABASE_URL']);
  if (!url.success) return giveUp(`the database ${url.error.issues[0]?.message ?? ''}`);
  const to = url.data;
  const log = createLogger({ name: 'copy-store', level: 'silent' });
  try {
    const copied = await copyStore({ from, to }, { log, say: (line) => console.error(line) });
    console.log(JSON.stringify(copied));
  } catch (error) {
    giveUp(problemOf({ from, to }, error));
  }
}

function giveUp(problem: string): void {
  console.log(problem);
  process.exitCode = 1;
}

function problemOf({ from, to }: { from: string; to: string }, error: unknown): string {
  if (error instanceof BetterSqlite3.SqliteError) return `${from}: ${error.message}`;
  const isOfDatabase = error instanceof DatabaseError;
  if (isOfDatabase || (error instanceof Error && 'syscall' in error) || isAggregate(error)) {
    const { found, advice } = databaseProblem(to, error);
    return `${found} (${advice})`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return message.includes('in use by another process')
    ? `${message}; stop messages first`
    : message;
}

/** Of a host with several addresses, none of which answered. */
const isAggregate = (error: unknown): boolean => error instanceof AggregateError;

void main();
