import { createLogger } from '@agent-messenger/service-kit';
import { databaseProblem } from '../store-check/database-problem';
import { databaseConfig } from '../store/postgres/database-config';
import { scrubDatabase } from '../store/postgres/scrub';

/**
 * `scrub-store`, with the URL of the database in DATABASE_URL. Says how far it is on stderr, and on stdout what was done, as
 * JSON, or why it was not, with an exit code of 1.
 */
async function main(): Promise<void> {
  const url = databaseConfig.DATABASE_URL.unwrap().safeParse(process.env['DATABASE_URL']);
  if (!url.success) return giveUp(`the database ${url.error.issues[0]?.message ?? ''}`);
  const say = (line: string): void => console.error(line);
  const destination = { write: (line: string) => say((JSON.parse(line) as { msg: string }).msg) };
  const log = createLogger({ name: 'scrub-store', level: 'warn', destination });
  try {
    console.log(JSON.stringify(await scrubDatabase(url.data, { log, say })));
  } catch (error) {
    const { found, advice } = databaseProblem(url.data, error);
    giveUp(`${found} (${advice})`);
  }
}

function giveUp(problem: string): void {
  console.log(problem);
  process.exitCode = 1;
}

void main();
