import { MessengerError } from '@agent-messenger/sdk/rest';
import { types } from 'node:util';
import { UsageError } from '../command-line';
import { AdminError } from './admin-error';
import { commands } from './commands';
import type { AdminContextOptions } from './admin-context';
import { AdminContext } from './admin-context';

/** Before the command or after it: they mean the same to every command. */
const SHARED = { '--url': 'url', '--data-dir': 'dataDir' } as const;

export const USAGE = `Usage: npm run admin -- <command> [options]

${Object.entries(commands)
  .map(([name, { usage, summary }]) => `  ${name} ${usage}\n      ${summary}`)
  .join('\n')}

  --url URL        where the admin routes are, a gateway or its internal port, with the path below which it is served
                   (default AGENT_MESSENGER_URL, else what npm start runs)
  --data-dir DIR   data folder of npm start: admin key and store (default that of what runs, else .data; with a URL
                   only that of what runs there)
  --json           answers as JSON, one object a line
  --help           this text

  ADMIN_API_KEY or ADMIN_API_KEY_FILE, DB_PATH, REDIS_URL and QUEUE_REDIS_URL are read from the environment.
  Passwords are asked for, or read from stdin.`;

type Streams = Pick<AdminContextOptions, 'env' | 'print' | 'warn' | 'askSecret'>;

/**
 * Runs one command; rejects with a UsageError or an AdminError for everything that its caller can do something about.
 */
export async function runAdmin(args: string[], streams: Streams): Promise<void> {
  if (args.length === 0 || args.includes('--help')) return streams.print(USAGE);
  const { shared, json, rest } = takeShared(args);
  const [name = '', ...own] = rest;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError(`there is no command "${name}"; --help lists them`);
  const context = new AdminContext({
    ...streams,
    json,
    url: shared.url,
    dataDir: shared.dataDir,
  });
  try {
    await command.run(own, context);
  } catch (error) {
    throw explain(error, context.url);
  }
}

/** What comes from outside this program becomes one line; what is left is a bug. */
function explain(error: unknown, url: string): unknown {
  if (error instanceof MessengerError) {
    const hint =
      error.code === 'unreachable' ? '; --url or AGENT_MESSENGER_URL names another gateway' : '';
    return new AdminError(`${url}: ${error.message} (${error.code})${hint}`, { cause: error });
  }
  const isOfSystem = types.isNativeError(error) && 'syscall' in error;
  if (!isOfSystem) return error;
  return new AdminError(error.message, { cause: error });
}

function takeShared(args: string[]) {
  const shared: { url?: string; dataDir?: string } = {};
  const rest: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    const [option = '', inline] = arg.split(/=(.*)/s);
    const field = Object.hasOwn(SHARED, option) ? SHARED[option as keyof typeof SHARED] : undefined;
    if (field === undefined) {
      if (arg !== '--json') rest.push(arg);
      continue;
    }
    const value = inline ?? args[(at += 1)];
    if (!value) throw new UsageError(`${option} needs a value`);
    shared[field] = value;
  }
  return { shared, json: args.includes('--json'), rest };
}
