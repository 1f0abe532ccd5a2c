import { connectClient, type Client } from '@agent-messenger/sdk';
import { findRoot, PYTHON, type Person } from '@agent-messenger/testkit';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { ProgramFolder } from '../snippets/program';
import { TelegramStandin } from './telegram-standin';

/** What the console gives an operator to paste, for one agent. */
export type Pasted = Record<
  'TypeScript' | 'Python' | 'curl' | 'OpenAI' | 'Webhook' | 'Telegram',
  string
>;
type Ask = (said: string) => Promise<string | null>;

/** Runs each of them, one after the other, and asks it something: what each answers. */
export async function answersOfPasted(
  code: Pasted,
  { url, person, agent }: { url: string; person: Person; agent: string },
): Promise<Record<keyof Pasted, string | null>> {
  const { username, password } = person;
  const client = await connectClient({ url, username, password });
  const programs = new ProgramFolder();
  const ask: Ask = async (said) => {
    const { id } = (await client.agents()).find(({ name }) => name === agent)!;
    const conversation = await client.openConversation({ agent_id: id });
    const answer = answerIn(client, conversation.id);
    await conversation.send(said);
    return answer;
  };
  const askOne = async (text: string, said: string, env: Record<string, string> = {}) => {
    await programs.run(text, env);
    const answer = await ask(said);
    await programs.stop();
    return answer;
  };
  try {
    return {
      TypeScript: await askOne(code.TypeScript, 'to TypeScript'),
      OpenAI: await withModel((env) => askOne(code.OpenAI, 'to a model', env)),
      Webhook: await withService((env) => askOne(code.Webhook, 'hello', env)),
      Telegram: await withTelegram((env) => askOne(code.Telegram, 'to a chat', env)),
      Python: await inPython(code.Python, () => ask('to Python')),
      curl: await inShell(code.curl, () => ask('to "curl", in\ntwo lines')),
    };
  } finally {
    await programs.stop();
    programs.remove();
    await client.close();
  }
}

type WithEnv = (env: Record<string, string>) => Promise<string | null>;

async function withModel(run: WithEnv): Promise<string | null> {
  const model = spawn(process.execPath, [join(findRoot(), 'examples/openai-agent/stand-in.mjs')]);
  const [line] = (await once(model.stdout, 'data')) as [Buffer];
  const answer = await run({ OPENAI_BASE_URL: line.toString().trim(), MODEL: 'stand-in' });
  await ended(model);
  return answer;
}

async function withService(run: WithEnv): Promise<string | null> {
  const service = createServer((request, response) => {
    void json(request).then((body) => {
      const { content } = body as { content: string };
      response.end(JSON.stringify({ content: `By a webhook: ${content}` }));
    });
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  const answer = await run({ WEBHOOK_URL: `http://127.0.0.1:${port}/` });
  service.close();
  return answer;
}

async function withTelegram(run: WithEnv): Promise<string | null> {
  const bot = { token: '1:secret', chat: '-42' };
  const telegram = await TelegramStandin.start(bot);
  const answer = await run({
    TELEGRAM_TOKEN: bot.token,
    TELEGRAM_CHAT: bot.chat,
    TELEGRAM_API: telegram.url,
  });
  await telegram.stop();
  return answer;
}

async function inPython(code: string, ask: () => Promise<string | null>): Promise<string | null> {
  const python = spawn(PYTHON, ['-c', code], {
    env: { PYTHONPATH: join(findRoot(), 'sdks/python/src') },
    stdio: 'ignore',
  });
  const answer = await ask();
  await ended(python);
  return answer;
}

/** In a group of its own: the loop starts others. */
async function inShell(code: string, ask: () => Promise<string | null>): Promise<string | null> {
  const shell = spawn('bash', ['-c', code], { detached: true, stdio: 'ignore' });
  const answer = await ask();
  process.kill(-shell.pid!, 'SIGKILL');
  return answer;
}

function answerIn(client: Client, conversation_id: string): Promise<string | null> {
  return new Promise((resolve) =>
    client.on('message', (message) => {
      const isIt = message.conversation_id === conversation_id && message.sender.kind === 'agent';
      if (isIt) resolve(message.content);
    }),
  );
}

async function ended(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
