import { compareClocks, fail, ok, warn, type Finding } from '@agent-messenger/service-kit';
import type { InspectedDatabase } from './inspected-database';

const TESTED = [13, 17] as const;

/** Whether messages can work with it at all. */
export function serverFindings(found: InspectedDatabase): Finding[] {
  const { version, version_number: number, encoding } = found;
  return [
    number < 130_000
      ? fail('PostgreSQL version', version, `PostgreSQL ${TESTED[0]} or later is needed`)
      : ok('PostgreSQL version', version),
    encoding === 'UTF8'
      ? ok('PostgreSQL encoding', encoding)
      : fail(
          'PostgreSQL encoding',
          encoding,
          'make the database anew: CREATE DATABASE … ENCODING UTF8 TEMPLATE template0',
        ),
    writesOf(found),
  ];
}

function writesOf({ is_standby, is_read_only }: InspectedDatabase): Finding {
  if (is_standby) {
    return fail(
      'PostgreSQL writes',
      'a standby: it only reads',
      'DATABASE_URL has to lead to the primary; when that is gone, promote this one: SELECT pg_promote()',
    );
  }
  return is_read_only
    ? fail(
        'PostgreSQL writes',
        'default_transaction_read_only is on',
        'ALTER DATABASE … RESET default_transaction_read_only; a managed server may have set it because its disk is full',
      )
    : ok('PostgreSQL role', 'a primary');
}

/** What an answer to a send is worth. @param replication DATABASE_REPLICATION */
export function durabilityFindings(
  found: InspectedDatabase,
  replication: 'asynchronous' | 'synchronous',
): Finding[] {
  const names = found.synchronous_standby_names.trim();
  const what = 'PostgreSQL replication';
  const off = (['fsync', 'full_page_writes'] as const).filter((name) => found[name] !== 'on');
  return [
    ...off.map((name) =>
      fail(
        `PostgreSQL ${name}`,
        found[name],
        `${name} = on: without it a crash of the machine loses or damages what was answered`,
      ),
    ),
    commitOf(found, replication),
    ...(replication === 'synchronous' && names === ''
      ? [
          fail(
            what,
            'DATABASE_REPLICATION=synchronous, and synchronous_standby_names is empty',
            'set synchronous_standby_names, or DATABASE_REPLICATION=asynchronous: after a failover clients would go on with a log that lacks what was answered',
          ),
        ]
      : []),
    ...(replication === 'asynchronous' && names !== ''
      ? [
          warn(
            what,
            `commits wait for ${names}, and DATABASE_REPLICATION is asynchronous`,
            'set DATABASE_REPLICATION=synchronous: otherwise all clients reload after a failover that lost nothing',
          ),
        ]
      : []),
    ...((replication === 'synchronous') === (names !== '')
      ? [ok(what, names === '' ? 'asynchronous: a failover changes log_id' : `waits for ${names}`)]
      : []),
  ];
}

function commitOf(
  { synchronous_commit: setting, synchronous_standby_names: names }: InspectedDatabase,
  replication: string,
): Finding {
  const what = 'PostgreSQL synchronous_commit';
  // messages does that in each of its transactions.
  if (setting === 'off') return ok(what, 'off; messages switches it on for itself');
  const isWaiting = replication === 'synchronous' || names !== '';
  if (!isWaiting || setting === 'on' || setting === 'remote_apply') return ok(what, setting);
  return fail(
    what,
    `${setting}: a commit does not wait until a standby has it on its disk`,
    'ALTER ROLE … RESET synchronous_commit',
  );
}

export function clockFinding(
  found: Pick<InspectedDatabase, 'now'>,
  around: { before: number; after: number },
): Finding {
  return compareClocks('PostgreSQL clock', found.now.getTime(), around, 1);
}
