import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Problem } from './problem.mjs';
import { root } from './workspace.mjs';

export const help = `npm start [-- options]

  --gateways N     number of gateways, on consecutive ports (default 1)
  --port PORT      port of the first gateway (default 8080; 0: free ports, whichever)
  --host ADDRESS   address on which gateways listen (default 127.0.0.1: this machine only; 0.0.0.0: all addresses,
                   and then registration is closed and the admin routes are on the internal port, unless
                   REGISTRATION_OPEN and ADMIN_ROUTES say otherwise)
  --data-dir DIR   where everything is kept (default .data in the folder of the project); admin, chat and bench
                   find what runs by it
  --store STORE    sqlite, a file and nothing else, or postgres, a PostgreSQL of its own in the data folder, or the
                   one at DATABASE_URL (default: what the data folder has, sqlite in a new one)
  --messages N     number of replicas of messages (default 1; more with postgres only)
  --no-demo        without the demo person and the demo agent
  --push-standins  stand-ins of Apple, Google and a browser's push service, which print every notification
                   as a phone would show it
  --json           one line of JSON on stdout when all is ready, the rest on stderr
                   (npm start --silent -- --json)
  --help           this text

  DATABASE_URL     with --store postgres a PostgreSQL that already runs; otherwise one is started
  REDIS_URL        a Redis that already runs; otherwise one is started
`;

/** Options of `npm start`; throws a Problem with exit code 2 for what is not one of them. */
export function startOptions(args) {
  const { values } = parse(args);
  const gateways = wholeNumber('--gateways', values.gateways ?? '1', 1, 64);
  const port = wholeNumber('--port', values.port ?? '8080', 0, 65_535);
  if (port + gateways - 1 > 65_535) {
    throw new Problem(`${gateways} gateways do not fit above port ${port}.`, 2);
  }
  const dataDir = dataDirOf(values['data-dir']);
  const store = values.store ?? storeOf(dataDir);
  if (!STORES.includes(store)) {
    throw new Problem(`--store takes sqlite or postgres, not "${store}".`, 2);
  }
  const messages = wholeNumber('--messages', values.messages ?? '1', 1, 16);
  if (messages > 1 && store === 'sqlite') {
    throw new Problem('Several messages need --store postgres: a file has one writer.', 2);
  }
  return {
    gateways,
    messages,
    port,
    host: values.host ?? '127.0.0.1',
    dataDir,
    store,
    demo: !values['no-demo'],
    pushStandins: values['push-standins'] ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

const STORES = ['sqlite', 'postgres'];

/** What the last start kept everything in. */
function storeOf(dataDir) {
  try {
    return readFileSync(join(dataDir, 'store'), 'utf8').trim();
  } catch {
    return 'sqlite';
  }
}

/** npm runs its scripts in the folder of the project; who typed a relative path stood in INIT_CWD. */
function dataDirOf(given) {
  if (given === undefined) return join(root, '.data');
  return resolve(process.env.INIT_CWD ?? '.', given);
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        gateways: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        'data-dir': { type: 'string' },
        store: { type: 'string' },
        messages: { type: 'string' },
        'no-demo': { type: 'boolean' },
        'push-standins': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // The first sentence names the option; what follows is about positional arguments.
    const [message] = error.message.split(/\.\s|\n/);
    throw new Problem(`${message}. --help lists the options.`, 2);
  }
}

function wholeNumber(option, text, min, max) {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new Problem(`${option} takes a whole number from ${min} to ${max}, not "${text}".`, 2);
}
