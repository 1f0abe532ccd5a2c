import { createLogger } from '@agent-messenger/service-kit';
import BetterSqlite3 from 'better-sqlite3';
import { DatabaseError } from 'pg';
import { answerOnStdout, messageOf } from '../programs/answer-on-stdout';
import { databaseUrl } from '../programs/database-url';
import { databaseProblem } from '../store-check/database-problem';
import { copyStore } from '../store/copy/copy-store';

const [from = ''] = process.argv.slice(2);

/**
 * `copy-store FILE`, and the URL of the database in DATABASE_URL: a listing of processes shows neither its password.
 * Says how far it is on stderr.
 */
void answerOnStdout(
  () => {
    const log = createLogger({ name: 'copy-store', level: 'silent' });
    const to = databaseUrl(process.env);
    return copyStore({ from, to }, { log, say: (line) => console.error(line) });
  },
  (error) => {
    if (error instanceof BetterSqlite3.SqliteError) return `${from}: ${error.message}`;
    const isOfDatabase = error instanceof DatabaseError;
    if (isOfDatabase || (error instanceof Error && 'syscall' in error) || isAggregate(error)) {
      const { found, advice } = databaseProblem(databaseUrl(process.env), error);
      return `${found} (${advice})`;
    }
    const message = messageOf(error);
    return message.includes('in use by another process')
      ? `${message}; stop messages first`
      : message;
  },
);

/** Of a host with several addresses, none of which answered. */
function isAggregate(error: unknown): boolean {
  return error instanceof AggregateError;
}
