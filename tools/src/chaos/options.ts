import { randomInt } from 'node:crypto';
import { otherBuild } from '../bench/other-build';
import { parseOptions, UsageError, wholeNumber } from '../command-line';
import { FAULTS, POSTGRES_FAULTS, UPGRADE_FAULTS, type FaultName } from './schedule';
import { TRANSPORTS, type TransportChoice } from './transports';

export interface ChaosOptions {
  minutes: number;
  seed: number;
  faults: FaultName[];
  pairs: number;
  transport: TransportChoice;
  store: 'sqlite' | 'postgres';
  /** Of messages. */
  replicas: number;
  /** Stands between messages and PostgreSQL. */
  pgbouncer: boolean;
  /** Folder of another checkout that has been built. */
  upgradeFrom?: string | undefined;
  json: boolean;
  help: boolean;
}

const MAX_SEED = 4_294_967_295;

export const help = `npm run chaos -- [options]

Starts the whole stack with three gateways, lets people and agents talk through it, and injects
faults, one after the other or two at the same time. Everything that they send and receive is
recorded, and the record is checked: nothing acked is lost, nothing is delivered twice or out of
order, logs are whole, an identity has one current connection, what is shown of an answer is its
beginning, a question has one choice, which its agent hears once, presence is right at the end.
Every third agent uses the Python SDK, where /usr/bin/python3 has websockets.

  --minutes M      how long faults are injected (default 2); each chosen fault happens at least once
  --seed S         0 to ${MAX_SEED}: which faults, when, how (default: another one each time)
  --faults LIST    separated by commas; default all of
                   ${FAULTS.slice(0, 5).join(',')},
                   ${FAULTS.slice(5).join(',')}
                   with --store postgres ${POSTGRES_FAULTS.join(',')}, and with --upgrade-from ${UPGRADE_FAULTS.join(',')}
  --store STORE    sqlite (default) or postgres
  --replicas N     of messages (default 1, with postgres 2)
  --pgbouncer      messages reaches PostgreSQL through PgBouncer in transaction mode
  --upgrade-from D folder of another checkout that has been built: the run begins with its services, which
                   are replaced by those of this one, and in the next round the other way round
  --pairs N        people, each with an agent (default 8)
  --transport T    socket.io, ws (plain WebSocket) or both: half of the clients each (default both)
  --json           one JSON object on stdout instead of the table
  --help           this text

Exit code: 0, 1 when a rule was broken, 2 for a wrong option.
`;

/** @throws UsageError */
export function chaosOptions(args: string[]): ChaosOptions {
  const values = parseOptions(args, {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    store: { type: 'string' },
    replicas: { type: 'string' },
    pgbouncer: { type: 'boolean' },
    'upgrade-from': { type: 'string' },
    pairs: { type: 'string' },
    transport: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  const store = storeName(values.store ?? 'sqlite');
  const upgradeFrom = values['upgrade-from'];
  const known: FaultName[] = [
    ...FAULTS,
    ...(store === 'postgres' ? POSTGRES_FAULTS : []),
    ...(upgradeFrom === undefined ? [] : UPGRADE_FAULTS),
  ];
  const replicas = wholeNumber(
    '--replicas',
    values.replicas ?? (store === 'postgres' ? '2' : '1'),
    8,
  );
  if (replicas > 1 && store === 'sqlite') {
    throw new UsageError('--replicas: several messages need --store postgres.');
  }
  const { pgbouncer = false } = values;
  if (pgbouncer && store === 'sqlite') {
    throw new UsageError('--pgbouncer: it stands before --store postgres.');
  }
  return {
    ...{ store, replicas, pgbouncer },
    ...(upgradeFrom !== undefined && { upgradeFrom: otherBuild('--upgrade-from', upgradeFrom) }),
    minutes: minutes(values.minutes ?? '2'),
    seed: values.seed === undefined ? randomInt(1, MAX_SEED) : seed(values.seed),
    faults: values.faults?.split(',').map((text) => faultName(text, known)) ?? known,
    pairs: wholeNumber('--pairs', values.pairs ?? '8', 500),
    transport: transport(values.transport ?? 'both'),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function minutes(text: string): number {
  const value = /^\d{1,4}(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value > 0) return value;
  throw new UsageError(`--minutes takes a number above 0, not "${text}".`);
}

function seed(text: string): number {
  return text === '0' ? 0 : wholeNumber('--seed', text, MAX_SEED);
}

function transport(text: string): TransportChoice {
  const choice = TRANSPORTS.find((each) => each === text);
  if (choice) return choice;
  throw new UsageError(`--transport takes ${TRANSPORTS.join(', ')}, not "${text}".`);
}

function storeName(text: string): ChaosOptions['store'] {
  if (text === 'sqlite' || text === 'postgres') return text;
  throw new UsageError(`--store takes sqlite or postgres, not "${text}".`);
}

function faultName(text: string, known: readonly FaultName[]): FaultName {
  const name = known.find((each) => each === text.trim());
  if (name) return name;
  throw new UsageError(`--faults: "${text}" is none of ${known.join(', ')}.`);
}
