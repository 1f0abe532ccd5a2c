import { connectClient, type Client, type ClientConversation } from '@agent-messenger/sdk';
import {
  codeBlocks,
  createAgent,
  createPerson,
  findRoot,
  rest,
  startStack,
  waitFor,
  type Agent,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { itInChromium, launchChromium } from '../browser/chromium';
import { ProgramFolder, type Program } from './program';

/** The other commands start and test the whole product: what they do is tested where they are. */
const ADMIN = 'README.md, Write an agent, 2';
const blocks = ['README.md', 'libs/sdk/README.md']
  .flatMap((file) => codeBlocks(file))
  .filter(({ name, language }) => ['js', 'ts'].includes(language) || name === ADMIN);
const executed = new Set<string>();
const programs = new ProgramFolder();
let stack: Stack;
let url: string;
let agent: Agent;
let person: Person;
const open: Client[] = [];
const models: Server[] = [];

beforeAll(async () => {
  stack = await startStack();
  url = stack.gateways[0]!.url;
  agent = await createAgent(url, stack.adminKey);
}, 60_000);
beforeEach(async () => {
  person = await createPerson(url);
});
afterEach(async () => {
  await programs.stop();
  for (const server of models.splice(0)) server.close();
  await Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 })));
});
afterAll(async () => {
  programs.remove();
  await stack.stop();
}, 60_000);

/** A code block as it stands in the file, but for the address. */
function block(name: string): string {
  const found = blocks.find((each) => each.name === name);
  if (!found) throw new Error(`no code block: ${name}`);
  executed.add(name);
  return found.code.replaceAll('http://127.0.0.1:8080', url);
}

/** Runs code after imports and values that it leaves to the reader. */
function run(code: string, values: Record<string, unknown> = {}): Promise<Program> {
  const lines = Object.entries(values).map(
    ([name, value]) => `const ${name} = ${JSON.stringify(value)};`,
  );
  return programs.run([...lines, code].join('\n'));
}

/** As a bundler makes it for a page. */
async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: __dirname },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]!.text;
}

async function succeeded(program: Program): Promise<string> {
  const code = await program.ended;
  if (code !== 0) throw new Error(`ended with ${code}: ${program.stderr}`);
  return program.stdout;
}

/** The person's client, and a conversation with the agent of this name. */
async function converse(
  name = agent.name,
): Promise<{ client: Client; conversation: ClientConversation }> {
  const { username, password } = person;
  const client = await connectClient({ url, username, password });
  open.push(client);
  const { id } = (await client.agents()).find((each) => each.name === name)!;
  return { client, conversation: await client.openConversation({ agent_id: id }) };
}

/** An endpoint that answers "Hello you" in tokens; an endless one goes on until nobody listens. */
async function model(
  onRequest: (body: unknown) => void,
  { isEndless = false } = {},
): Promise<string> {
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      onRequest(body);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const content of ['Hel', 'lo', ' you']) {
        response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
      }
      if (!isEndless) response.end('data: [DONE]\n\n');
    });
  });
  models.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answerToHello(
  client: Client,
  conversation: ClientConversation,
): Promise<string | null> {
  const answer = new Promise<string | null>((resolve) => {
    client.on('message', ({ sender, content }) => {
      if (sender.kind === 'agent') resolve(content);
    });
  });
  await conversation.send('hello');
  return answer;
}

it('README.md, Write an agent, with the key of an agent that its command creates', async () => {
  const [, command] = /^npm run admin -- (.+?) *#/m.exec(block(ADMIN))!;
  const admin = `"${process.execPath}" tools/dist/admin.js ${command}`;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', admin], {
    cwd: findRoot(),
    env: { AGENT_MESSENGER_URL: stack.adminUrl, ADMIN_API_KEY: stack.adminKey },
  });
  const [apiKey = ''] = /amk_\S+/.exec(stdout)!;
  await programs.run(block('README.md, Write an agent, 1'), { AGENT_API_KEY: apiKey });
  const { client, conversation } = await converse('My agent');
  await expect(answerToHello(client, conversation)).resolves.toBe('echo: hello');
});

it('libs/sdk/README.md, An agent', async () => {
  const values = { apiKey: agent.api_key };
  await run(block('libs/sdk/README.md, An agent, 1'), values);
  const { client, conversation } = await converse();
  await expect(answerToHello(client, conversation)).resolves.toBe('echo: hello');
  await waitFor(async () => (await client.agents()).some(({ status }) => status === 'busy'), {
    describe: 'the status',
  });
});

it('libs/sdk/README.md, An answer while it is written', async () => {
  const asked: unknown[] = [];
  const modelUrl = await model((body) => asked.push(body));
  const values = { apiKey: agent.api_key, modelUrl, modelKey: 'key' };
  await run(block('libs/sdk/README.md, An answer while it is written, 1'), values);
  const { client, conversation } = await converse();
  const seen: string[] = [];
  client.on('stream', ({ text }) => seen.push(text));
  await expect(answerToHello(client, conversation)).resolves.toBe('Hello you');
  expect(seen).toContain('Hello you');
  // What a program before it had answered, and not received, is asked of the model as well.
  const messages = [{ role: 'user', content: 'hello' }];
  expect(asked).toContainEqual({ model: 'my-model', stream: true, messages });
});

it('libs/sdk/README.md, A question', async () => {
  const values = { apiKey: agent.api_key };
  await run(block('libs/sdk/README.md, A question, 1'), values);
  const { client, conversation } = await converse();
  await expect(answerToHello(client, conversation)).resolves.toBe('Delete 3 files?');
  const question = client.conversations()[0]!.last_message!;
  const answer = new Promise<string | null>((resolve) => {
    client.on('message', ({ content }) => resolve(content));
  });
  await conversation.choose(question.id, 'approve');
  await expect(answer).resolves.toBe('Deleted.');
});

it('libs/sdk/README.md, Answers while they are written', async () => {
  const asked = new AbortController();
  const modelUrl = await model(() => asked.abort(), { isEndless: true });
  const values = { apiKey: agent.api_key, modelUrl, modelKey: 'key' };
  await run(block('libs/sdk/README.md, An answer while it is written, 1'), values);
  const { conversation } = await converse();
  await conversation.send('hello');
  await waitFor(() => asked.signal.aborted);
  const { username, password } = person;
  const program = await run(
    `import { connectClient } from '@agent-messenger/sdk';
    const client = await connectClient({ url, username, password });
    const conversation = client.conversation(id);
    const said = new Promise((resolve) => client.on('message', ({ sender, content }) => sender.kind === 'agent' && resolve(content)));
    while (client.streams(id)[0]?.text !== 'Hello you') await new Promise(setImmediate);
    const draw = () => undefined;
    ${block('libs/sdk/README.md, Answers while they are written, 1')}
    console.log(await said);
    await client.close();`,
    { url, username, password, id: conversation.id },
  );
  expect(await succeeded(program)).toBe('Hello you\n');
});

it('libs/sdk/README.md, A person', async () => {
  const username = `${person.username}-2`;
  const program = await run(
    `const keep = () => {};\nconst show = ({ content }) => console.log(content);\n${block('libs/sdk/README.md, A person, 1')}`,
    { url, username, password: 'a long password' },
  );
  expect(await succeeded(program)).toBe('Hello\n');
  person = { ...person, username, password: 'a long password' };
  const { client } = await converse();
  const listed = client.conversations().find(({ title }) => title === 'Greetings');
  expect(listed).toMatchObject({ archived: true, unread_count: 0 });
  const { messages } = await client.conversation(listed!.id).history();
  expect(messages).toMatchObject([{ content: null }]);
});

describe('libs/sdk/README.md, A person, changes of the account', () => {
  const name = 'libs/sdk/README.md, A person, 2';
  const lineWith = (part: string) =>
    block(name)
      .split('\n')
      .find((line) => line.includes(part))!;
  const act = async (line: string, values: Record<string, unknown> = {}) => {
    const { username, password } = person;
    const head = `import { connectClient } from '@agent-messenger/sdk';
      const client = await connectClient({ url, username: ${JSON.stringify(username)}, password: ${JSON.stringify(password)}, onTokens: (tokens) => console.log(JSON.stringify(tokens)) });`;
    return succeeded(await run(`${head}\n${line}\nawait client.close();`, { url, ...values }));
  };
  const logIn = async (password: string) =>
    (await rest(url, 'POST', '/auth/login', { body: { username: person.username, password } }))
      .status;

  it('its lines are those that are tried', () => {
    expect(block(name).trim().split('\n')).toHaveLength(3);
  });

  it('the password', async () => {
    const values = { current_password: person.password, new_password: 'another long password' };
    await act(lineWith('changePassword'), values);
    expect([await logIn(person.password), await logIn('another long password')]).toEqual([
      401, 200,
    ]);
  });

  it('the login', async () => {
    const [line] = (await act(lineWith('logout'))).split('\n');
    const { refresh_token } = JSON.parse(line!) as { refresh_token: string };
    const answer = await rest(url, 'POST', '/auth/refresh', { body: { refresh_token } });
    expect(answer.status).toBe(401);
  });

  it('the account', async () => {
    await act(lineWith('deleteAccount'), { password: person.password });
    expect(await logIn(person.password)).toBe(401);
  });
});

it('libs/sdk/README.md, A copy of a conversation', async () => {
  const { conversation } = await converse();
  await conversation.send('before');
  const { username, password } = person;
  const program = await run(
    `import { connectClient } from '@agent-messenger/sdk';
    const client = await connectClient({ url, username, password });
    const conversation = client.conversation(id);
    const render = (messages) => console.log(JSON.stringify(messages.map(({ content }) => content)));
    ${block('libs/sdk/README.md, A copy of a conversation, 1')}
    await conversation.send('after');
    await client.close();`,
    { url, username, password, id: conversation.id },
  );
  expect(await succeeded(program)).toContain('["before","after"]\n');
});

it('libs/sdk/README.md, What survives a reload', async () => {
  const { access_token, refresh_token, token_type, expires_in, user_id } = person;
  const tokens = { access_token, refresh_token, token_type, expires_in, user_id };
  const program = await run(
    `import { connectClient } from '@agent-messenger/sdk';
    const items = new Map();
    const localStorage = {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => items.set(key, value),
    };
    ${block('libs/sdk/README.md, What survives a reload, 1')}
    await client.close();
    const again = await connectClient({ url, storage });
    console.log(again.identity.id);
    await again.close();`,
    { url, userId: user_id, tokens },
  );
  expect(await succeeded(program)).toBe(`${user_id}\n`);
});

itInChromium('libs/sdk/README.md, In a browser', async () => {
  const created = await rest(url, 'POST', '/conversations', {
    bearer: person.access_token,
    body: { agent_id: agent.id },
  });
  const { id } = created.body as { id: string };
  const { username, password } = person;
  const values = { url, username, password, conversation_id: id };
  const page = await bundled(
    [
      ...Object.entries(values).map((pair) => `const [${pair[0]}] = ${JSON.stringify([pair[1]])};`),
      'const show = () => {}, put = ({ content }) => (document.title = content);',
      block('libs/sdk/README.md, In a browser, 1'),
    ].join('\n'),
  );
  const browser = await launchChromium();
  try {
    // The policy of the answer that is the page here is for no page.
    const context = await browser.newContext({ bypassCSP: true });
    const tab = await context.newPage();
    await tab.goto(`${url}/livez`);
    await tab.addScriptTag({ type: 'module', content: page });
    await waitFor(async () => (await tab.title()) === 'hello');
  } finally {
    await browser.close();
  }
});

/** Last: a block that nobody runs must not be added. */
it('every code block is executed', () => {
  expect(blocks.map(({ name }) => name).sort()).toEqual([...executed].sort());
});
