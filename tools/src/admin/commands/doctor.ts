import { AdminError } from '../admin-error';
import { defineCommand } from '../command';
import { attempt, type Finding } from '../doctor/check';
import { checkBackups } from '../doctor/check-backups';
import { checkConfiguration } from '../doctor/check-configuration';
import { checkGateway } from '../doctor/check-gateway';
import { checkLastBackup } from '../doctor/check-last-backup';
import { checkProviders } from '../doctor/check-providers';
import { checkRedis } from '../doctor/check-redis';
import { checkSecretFiles } from '../doctor/check-secret-files';
import { checkStoreFiles } from '../doctor/check-store';
import { withFiles } from '../doctor/with-files';

const MARKS = { ok: 'ok   ', warn: 'WARN ', fail: 'FAIL ' };

export const doctor = defineCommand({
  usage: '[--service NAME]... [--no-gateway] [--db FILE] [--backups FOLDER]',
  summary:
    'Looks at configuration, gateway, Redis, clocks, disk, permissions and providers, and says what to do.',
  takes: 0,
  options: {
    service: { type: 'string', multiple: true, default: [] },
    'no-gateway': { type: 'boolean', default: false },
    db: { type: 'string' },
    backups: { type: 'string' },
  },
  async run({ values }, around) {
    const { service, db, backups } = values;
    const { url } = around;
    const env = withFiles(around.env);
    const database = around.database(db);
    const { REDIS_URL: redis, QUEUE_REDIS_URL: queue } = env;
    const findings: Finding[] = [
      ...service.flatMap((name) => checkConfiguration(name, around.env, __dirname)),
      // Where messages runs a network policy lets nobody out to it.
      ...(values['no-gateway'] ? [] : await checkGateway(url)),
      // One Redis for both unless another is named.
      ...(redis ? await checkRedis('REDIS_URL', redis, { isQueue: !queue }) : []),
      ...(queue ? await checkRedis('QUEUE_REDIS_URL', queue, { isQueue: true }) : []),
      ...attempt('store', () => checkStoreFiles(database, around.isStoreNamed(db))),
      ...attempt('last backup', () => checkLastBackup(database)),
      ...(backups === undefined ? [] : attempt('backup', () => checkBackups(backups))),
      ...checkSecretFiles(around.env),
      ...(await checkProviders(env)),
    ];
    around.print(
      findings,
      findings.flatMap(({ level, what, found, advice }) => [
        `${MARKS[level]} ${what}: ${found}`,
        ...(advice === undefined ? [] : [`        → ${advice}`]),
      ]),
    );
    const failures = findings.filter(({ level }) => level === 'fail').length;
    if (failures > 0) throw new AdminError(`${failures} of ${findings.length} checks failed`);
  },
});
