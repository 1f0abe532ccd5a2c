import { parseOptions, UsageError, wholeNumber } from '../command-line';
import type { Transport } from './link';

export interface BenchOptions {
  pairs: number;
  seconds: number;
  gateways: number;
  transport: Transport;
  store: 'sqlite' | 'postgres';
  /** Of messages. */
  replicas: number;
  baseline: boolean;
  /** Compares with the same on SQLite. */
  besideSqlite: boolean;
  /** Measures what runs already, not a stack of its own. */
  running: boolean;
  json: boolean;
  help: boolean;
  /** Folder for CPU profiles of messages and the gateways. */
  cpuProf?: string;
}

export const help = `npm run bench -- [options]
npm run bench -- push [options]      pushes instead; --help lists their options
npm run bench -- ratios [options]    beside bare servers and another build, row by row
npm run bench -- store [options]     the store alone, and what its growth costs
npm run bench -- abuse [options]     greedy peers, and what they cost others
npm run bench -- streams [options]   answers while they are written
npm run bench -- web [options]       the chat in a browser

People and agents in pairs exchange messages of 200 bytes through a stack that the bench starts,
as fast as they can and then at 500 messages/s. A message counts when it was acked after the commit
and received by the other side.

  --pairs N        people, each with an agent (default 50)
  --seconds N      length of each measurement, after a warm-up of 2 s (default 10)
  --gateways N     number of gateways; the two sides of a pair are on different ones (default 2)
  --store STORE    sqlite (default) or postgres: a private PostgreSQL, as durable as the file
  --replicas N     of messages, on postgres (default 1)
  --transport T    socket.io or ws: plain WebSocket (default socket.io)
  --baseline       compares with plain Socket.IO processes that store and check nothing:
                   three alternating runs of each, medians and the median of the ratios
  --beside-sqlite  compares with the same on SQLite, in the same way
  --running        measures what npm start runs, or AGENT_MESSENGER_URL names (with ADMIN_API_KEY), in place of
                   a stack of its own: its limits hold, and --gateways, --store, --replicas and --cpu-prof
                   mean nothing
  --json           one JSON object on stdout instead of the table
  --cpu-prof DIR   writes CPU profiles of messages and the gateways to DIR
  --help           this text

Exit code: 0, 1 when a message was lost, doubled, out of order or refused, 2 for a wrong option.
`;

/** @throws UsageError */
export function benchOptions(args: string[]): BenchOptions {
  const values = parseOptions(args, {
    pairs: { type: 'string' },
    seconds: { type: 'string' },
    gateways: { type: 'string' },
    transport: { type: 'string' },
    store: { type: 'string' },
    replicas: { type: 'string' },
    baseline: { type: 'boolean' },
    'beside-sqlite': { type: 'boolean' },
    running: { type: 'boolean' },
    json: { type: 'boolean' },
    'cpu-prof': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  const store = storeOf(values.store ?? 'sqlite');
  const replicas = wholeNumber('--replicas', values.replicas ?? '1', 16);
  if (replicas > 1 && store === 'sqlite') {
    throw new UsageError('--replicas: several messages need --store postgres.');
  }
  const { baseline = false, 'beside-sqlite': besideSqlite = false } = values;
  if (besideSqlite && (baseline || store === 'sqlite')) {
    throw new UsageError('--beside-sqlite: beside --store postgres, and without --baseline.');
  }
  return {
    ...{ store, replicas },
    pairs: wholeNumber('--pairs', values.pairs ?? '50', 5_000),
    seconds: wholeNumber('--seconds', values.seconds ?? '10', 3_600),
    gateways: wholeNumber('--gateways', values.gateways ?? '2', 16),
    transport: transportOf(values.transport ?? 'socket.io'),
    baseline,
    besideSqlite,
    running: values.running ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
    ...(values['cpu-prof'] === undefined ? {} : { cpuProf: values['cpu-prof'] }),
  };
}

function storeOf(text: string): BenchOptions['store'] {
  if (text === 'sqlite' || text === 'postgres') return text;
  throw new UsageError(`--store takes sqlite or postgres, not "${text}".`);
}

function transportOf(text: string): Transport {
  if (text === 'socket.io' || text === 'ws') return text;
  throw new UsageError(`--transport takes socket.io or ws, not "${text}".`);
}
