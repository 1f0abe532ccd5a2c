import { createLogger } from '@agent-messenger/service-kit';
import { answerOnStdout } from '../programs/answer-on-stdout';
import { databaseUrl } from '../programs/database-url';
import { databaseProblem } from '../store-check/database-problem';
import { scrubDatabase } from '../store/postgres/scrub';

/** `scrub-store`, with the URL of the database in DATABASE_URL. Says how far it is on stderr. */
void answerOnStdout(async () => {
  const url = databaseUrl(process.env);
  const say = (line: string): void => console.error(line);
  const destination = { write: (line: string) => say((JSON.parse(line) as { msg: string }).msg) };
  const log = createLogger({ name: 'scrub-store', level: 'warn', destination });
  return scrubDatabase(url, { log, say }).catch((error: unknown) => {
    const { found, advice } = databaseProblem(url, error);
    throw new Error(`${found} (${advice})`, { cause: error });
  });
});
