import { connectAgent, createRest, type Agent } from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  startStack,
  waitFor,
  type Agent as AgentIdentity,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { buildSync } from 'esbuild';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { parseChatOptions } from '../src/chat/options';
import { runChat } from '../src/chat/run-chat';

const CTRL_C = '\u0003';

let stack: Stack;
let url: string;
let identity: AgentIdentity;
let person: Person;
let agents: Agent[];

beforeAll(async () => {
  stack = await startStack();
  url = stack.gateways[0]!.url;
}, 60_000);
afterAll(() => stack.stop(), 60_000);
beforeEach(async () => {
  agents = [];
  [identity, person] = await Promise.all([createAgent(url, stack.adminKey), createPerson(url)]);
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.close({ deadlineMs: 0 })));
});

async function answerWith(handler: Parameters<Agent['onMessage']>[0]): Promise<Agent> {
  const agent = await connectAgent({ url, apiKey: identity.api_key });
  agents.push(agent);
  agent.onMessage(handler);
  return agent;
}

/** A chat as the command runs it; `isTTY`: as on a terminal, where Ctrl-C is a key. */
function chat(args: string[], { isTTY = false, user = true, at = url } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const login = user ? ['--user', person.username, '--password', person.password] : [];
  const options = parseChatOptions(['--url', at, ...login, ...args], {});
  const ended = runChat(options, { input, output }, new AbortController());
  // Judged by the test when it is interested.
  ended.catch(() => undefined);
  return { input, ended, shown: () => shown };
}

async function ask(text: string, ...args: string[]): Promise<string> {
  const { ended, shown } = chat(['--agent', identity.id, '--send', text, ...args]);
  await ended;
  return shown().trimEnd();
}

describe('the answer', () => {
  it('is the one to this message, not what the agent says besides', async () => {
    let late = (): void => undefined;
    const held = new Promise<void>((resolve) => (late = resolve));
    await answerWith(async ({ id, content, conversation_id }, conversation) => {
      if (content === 'slow') await held;
      await agents[0]!.conversation(conversation_id).send('by the way');
      await conversation.send(`re: ${content}`, { reply_to: id });
    });
    expect(await ask('first')).toBe('by the way');
    // From now on it is known that this agent marks its answers.
    // Long enough to log in on a busy machine, which counts as well.
    await expect(ask('slow', '--timeout', '4')).rejects.toThrow('no answer from');
    const second = ask('second');
    const { access_token: bearer } = person;
    const rest = createRest(url);
    const [conversation] = (await rest.request('listConversations', { query: {} }, { bearer }))
      .conversations;
    const params = { conversation_id: conversation!.id };
    await waitFor(async () => {
      const { messages } = await rest.request('listMessages', { params, query: {} }, { bearer });
      return messages.at(-1)?.content === 'second';
    });
    late();
    expect(await second).toBe('re: second');
  });

  it.each([undefined, 'msg_1:1'])(
    'is the next message of an agent that marks nothing: %s',
    async (form) => {
      await answerWith((message, conversation) =>
        // Whatever its client ids look like.
        conversation.send(`re: ${message.content}`, {
          client_id: form ? `${form}${message.id}` : randomUUID(),
        }),
      );
      expect(await ask('one')).toBe('re: one');
      expect(await ask('two')).toBe('re: two');
    },
  );

  it('is followed by what becomes of it', async () => {
    const { input, ended, shown } = chat(['--agent', identity.name], { isTTY: true });
    await answerWith(async ({ content }, conversation) => {
      const { message } = await conversation.send('draft');
      await conversation.edit(message.id, `re: ${content}`);
      await conversation.delete(message.id);
    });
    await waitFor(() => shown().includes('Type a message'));
    input.write('one\n');
    await waitFor(() => shown().includes(`* ${identity.name} deleted a message`));
    input.write('/quit\n');
    await ended;
    // Messages come as they are now: a quick edit may be all that is seen.
    expect(shown()).toMatch(/(edited: re: one|deleted a message)/);
  });

  it('comes before the next line of piped input is sent', async () => {
    await answerWith((message, conversation) => conversation.send(`re: ${message.content}`));
    const { input, ended } = chat(['--agent', identity.name]);
    input.end('one\ntwo\n');
    await ended;
    const again = chat(['--agent', identity.name]);
    again.input.end();
    await again.ended;
    const name = identity.name;
    expect(again.shown().split('\n').slice(0, 4)).toEqual([
      'you: one',
      `${name}: re: one`,
      'you: two',
      `${name}: re: two`,
    ]);
  });

  it('is shown on a terminal without its control characters, and given to a script as it is', async () => {
    await answerWith((_, conversation) => conversation.send('\u001b[31mred'));
    expect(await ask('hello')).toBe('\u001b[31mred');
    const terminal = chat(['--agent', identity.id, '--send', 'hello'], { isTTY: true });
    await terminal.ended;
    expect(terminal.shown()).toBe('\ufffd[31mred\n');
  });
});

describe('Ctrl-C', () => {
  it('leaves while it asks for the user, the password and the agent', async () => {
    await Promise.all([createAgent(url, stack.adminKey), createAgent(url, stack.adminKey)]);
    const cases: [string[], string, boolean][] = [
      [[], 'User: ', false],
      [['--user', 'ada'], 'Password: ', false],
      [[], 'Talk to', true],
    ];
    for (const [args, question, user] of cases) {
      const { input, ended, shown } = chat(args, { isTTY: true, user });
      await waitFor(() => shown().includes(question));
      input.write(CTRL_C);
      await ended;
    }
  });

  it('leaves while it connects', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const at = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const connection = once(silent, 'connection');
    const { input, ended } = chat(['--timeout', '600'], { isTTY: true, at });
    const [socket] = await connection;
    input.write(CTRL_C);
    await ended;
    socket.destroy();
    silent.close();
  });

  it('leaves while a message has no ack, and says which', async () => {
    const { input, ended, shown } = chat(['--agent', identity.id], { isTTY: true });
    await waitFor(() => shown().includes('> '));
    const [gateway] = stack.gateways;
    gateway!.pause();
    try {
      input.write('are you there?\r');
      input.write(CTRL_C);
      await ended;
      expect(shown()).toContain('* perhaps not sent: are you there?');
    } finally {
      gateway!.resume();
    }
  });
});

describe('the echo agent', () => {
  it('stays, and says so once, when another one takes its place', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'am-echo-'));
    const outfile = join(dir, 'echo-agent.js');
    buildSync({
      entryPoints: [join(__dirname, '..', 'src', 'bin', 'echo-agent.ts')],
      bundle: true,
      platform: 'node',
      conditions: ['@agent-messenger/source'],
      outfile,
    });
    const env = { AGENT_MESSENGER_URL: url, AGENT_API_KEY: identity.api_key };
    const echo = fork(outfile, { env, silent: true });
    let said = '';
    echo.stderr!.on('data', (text) => (said += text));
    await once(echo, 'message');
    expect(await ask('hello')).toBe('echo: hello');

    await answerWith((_, conversation) => conversation.send('mine'));
    await waitFor(() => said.includes('another process connected with this key'));
    expect(await ask('hello')).toBe('mine');
    echo.kill('SIGTERM');
    expect(await once(echo, 'exit')).toEqual([0, null]);
    expect(said.trim().split('\n')).toHaveLength(1);
    rmSync(dir, { recursive: true });
  });
});
