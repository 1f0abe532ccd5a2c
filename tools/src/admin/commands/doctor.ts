import { gatewayUrl } from '@agent-messenger/sdk/rest';
import { wholeNumber } from '../../command-line';
import { AdminError } from '../admin-error';
import { defineCommand } from '../command';
import { attempt, ok, type Finding } from '../doctor/check';
import { checkConfiguration } from '../doctor/check-configuration';
import { checkGateway } from '../doctor/check-gateway';
import { checkProviders } from '../doctor/check-providers';
import { checkClientAddress } from '../doctor/proxy/check-client-address';
import { checkProxy } from '../doctor/proxy/check-proxy';
import { walk } from '../doctor/proxy/walk';
import { checkRedises } from '../doctor/check-redises';
import { checkSecretFiles } from '../doctor/check-secret-files';
import { checkStore } from '../doctor/check-store';
import { withFiles } from '../doctor/with-files';
import type { AdminContext } from '../admin-context';

const MARKS = { ok: 'ok   ', warn: 'WARN ', fail: 'FAIL ' };

export const doctor = defineCommand({
  usage:
    '[--service NAME]... [--no-gateway] [--walk] [--admin-url URL] [--db FILE] [--backups FOLDER] [--replicas N]',
  summary:
    'Looks at configuration, gateway, Redis, the store (with DATABASE_URL: PostgreSQL, and whether it has connections for N replicas of messages, 2 by default), clocks, disk, permissions and providers, and says what to do; with --walk also, for a minute, at what a person and an agent meet on the way to --url. Admin routes that are elsewhere are at --admin-url.',
  takes: 0,
  options: {
    service: { type: 'string', multiple: true, default: [] },
    walk: { type: 'boolean', default: false },
    'admin-url': { type: 'string' },
    'no-gateway': { type: 'boolean', default: false },
    db: { type: 'string' },
    backups: { type: 'string' },
    replicas: { type: 'string', default: '2' },
  },
  async run({ values }, context) {
    const { service, db, backups } = values;
    const { url } = context;
    const env = withFiles(context.env);
    const replicas = wholeNumber('--replicas', values.replicas, 1_000);
    const findings: Finding[] = [
      ...service.flatMap((name) => checkConfiguration(name, context.env, __dirname)),
      // Where messages runs a network policy lets nobody out to it.
      ...(values['no-gateway']
        ? []
        : await checkWayIn(url, context.adminAt(values['admin-url']), values.walk)),
      ...(await checkRedises(env)),
      ...(context.isInPostgres || context.databaseIfKnown(db) !== undefined ? [] : [noStore]),
      ...storeChecks({ db, backups, replicas }, context).flatMap((program) =>
        attempt(program.what, () => checkStore(program, context.env)),
      ),
      ...checkSecretFiles(context.env),
      ...(await checkProviders(env)),
    ];
    context.print(
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

const noStore = ok('store', 'none is here; where messages runs, DB_PATH or --db names it');

/** The programs of messages that look at the store, wherever it is, and at backups of a file. */
function storeChecks(
  { db, backups, replicas }: Record<'db' | 'backups', string | undefined> & { replicas: number },
  context: AdminContext,
): Parameters<typeof checkStore>[0][] {
  const named = context.isStoreNamed(db) ? ['--named'] : [];
  const database = context.isInPostgres ? undefined : context.databaseIfKnown(db);
  const file = [
    ...(database === undefined ? [] : ['--db', database, ...named]),
    ...(backups === undefined ? [] : ['--backups', context.path(backups)]),
  ];
  return [
    ...(context.isInPostgres
      ? [{ name: 'check-store', args: [`${replicas}`], what: 'PostgreSQL' } as const]
      : []),
    ...(file.length > 0 ? [{ name: 'check-file', args: file, what: 'store' } as const] : []),
  ];
}

/** The gateway, and what is in front of it once it answers. */
async function checkWayIn(url: string, admin: AdminContext, isWalked: boolean): Promise<Finding[]> {
  const gateway = await checkGateway(url, admin);
  const answers = gateway.every(({ what, level }) => what !== 'gateway' || level === 'ok');
  if (!answers) return gateway;
  const proxy = await checkProxy(url);
  // The internal port, to which no proxy leads.
  if (proxy.length === 0) return gateway;
  const base = gatewayUrl(url);
  const address = await checkClientAddress(base, admin);
  return [...gateway, ...proxy, address, ...(isWalked ? await walk(base, admin) : [])];
}
