import { gatewayUrl } from '@agent-messenger/sdk/rest';
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run chat -- [options]

  --url URL          gateway, with the path below which it is served; several separated by commas
                     (default AGENT_MESSENGER_URL, else what npm start runs, else http://127.0.0.1:8080)
  --user NAME        username (asked for when absent)
  --password TEXT    password (asked for when absent; or AGENT_MESSENGER_PASSWORD)
  --register         create the user first
  --agent NAME|ID    whom to talk to (asked for when absent)
  --send TEXT        send one message, print the agent's answer, exit
  --timeout SECONDS  how long to wait for an answer (default 30)
  --help             this text`;

export interface ChatOptions {
  url: string[];
  user: string | undefined;
  password: string | undefined;
  register: boolean;
  agent: string | undefined;
  send: string | undefined;
  timeoutMs: number;
  help: boolean;
}

/** What the user can do something about; shown as one line, without a stack. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
}

export function parseChatOptions(
  args: string[],
  env: Record<string, string | undefined>,
  defaultUrl = 'http://127.0.0.1:8080',
): ChatOptions {
  const { values } = parse(args);
  const seconds = Number(values.timeout);
  if (!(seconds > 0 && seconds <= 86_400)) {
    throw new ChatError('--timeout must be a number of seconds above 0');
  }
  const given = values.url ?? (env['AGENT_MESSENGER_URL'] || defaultUrl);
  const url = given.split(',').map((each) => each.trim());
  return {
    url: url.map(addressOf),
    user: values.user,
    password: values.password ?? env['AGENT_MESSENGER_PASSWORD'],
    register: values.register,
    agent: values.agent,
    send: values.send,
    timeoutMs: seconds * 1_000,
    help: values.help,
  };
}

function addressOf(text: string): string {
  try {
    return gatewayUrl(text);
  } catch (error) {
    throw new ChatError(`--${(error as TypeError).message}`);
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        url: { type: 'string' },
        user: { type: 'string' },
        password: { type: 'string' },
        register: { type: 'boolean', default: false },
        agent: { type: 'string' },
        send: { type: 'string' },
        timeout: { type: 'string', default: '30' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new ChatError(error instanceof Error ? error.message : String(error));
  }
}
