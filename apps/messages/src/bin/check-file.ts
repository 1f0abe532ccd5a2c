import { parseArgs } from 'node:util';
import { answerOnStdout } from '../programs/answer-on-stdout';
import { checkFile } from '../store-check/check-file';

const { values } = parseArgs({
  options: {
    db: { type: 'string' },
    named: { type: 'boolean', default: false },
    backups: { type: 'string' },
  },
});

/**
 * `check-file [--db FILE [--named]] [--backups FOLDER]`: what the doctor says about the SQLite store and its backups.
 */
void answerOnStdout(() => checkFile(values));
