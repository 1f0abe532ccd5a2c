import { connectAgent, connectClient, type Agent } from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  openTestSocket,
  startPathProxy,
  startStack,
  type PathProxy,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { PassThrough } from 'node:stream';
import { WebSocket } from 'ws';
import { AdminContext } from '../src/admin/admin-context';
import { checkGateway } from '../src/admin/doctor/check-gateway';
import { runAdmin } from '../src/admin/run-admin';
import { parseChatOptions } from '../src/chat/options';
import { runChat } from '../src/chat/run-chat';

let stack: Stack;
let site: PathProxy;
let person: Person;
let agent: Agent;

beforeAll(async () => {
  stack = await startStack();
  const [gateway] = stack.gateways;
  site = await startPathProxy({ path: '/chat', target: Number(new URL(gateway!.url).port) });
  person = await createPerson(site.url);
  const { api_key: apiKey } = await createAgent(site.url, stack.adminKey);
  agent = await connectAgent({ url: site.url, apiKey });
  agent.onMessage((message, conversation) => conversation.send(`echo: ${message.content}`));
}, 60_000);
afterEach(() => expect(site.outside).toEqual([]));
afterAll(async () => {
  await agent.close();
  await site.close();
  await stack.stop();
}, 60_000);

it.each([{ transport: 'socket.io' as const }, { transport: 'websocket' as const, WebSocket }])(
  'the SDK talks to a gateway below a path of a site: %j',
  async (transport) => {
    const { username, password } = person;
    const client = await connectClient({ ...transport, url: `${site.url}/`, username, password });
    const conversation = await client.openConversation({ agent_id: agent.identity.id });
    const answer = new Promise((resolve) =>
      client.on('message', ({ content, sender }) => {
        if (sender.kind === 'agent') resolve(content);
      }),
    );
    await conversation.send('hello');
    await expect(answer).resolves.toBe('echo: hello');
    await client.close();
  },
);

it.each(['socket.io', 'ws'] as const)('sockets without the SDK, too: %s', async (transport) => {
  const auth = { token: person.access_token };
  const socket = openTestSocket(transport, site.url, '/client', auth);
  await socket.synced();
  socket.close();
});

it('the chat does', async () => {
  const output = new PassThrough({ encoding: 'utf8' });
  const { username, password } = person;
  const options = parseChatOptions(
    ['--url', site.url, '--user', username, '--password', password, '--send', 'over there'],
    {},
  );
  await runChat(options, { input: new PassThrough(), output }, new AbortController());
  expect(output.read()).toBe('echo: over there\n');
});

it('the commands of operators and the doctor do', async () => {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const askSecret = () => Promise.resolve('');
  const env = { AGENT_MESSENGER_URL: site.url };
  const args = ['list-agents', '--json', '--data-dir', stack.dataDir];
  await runAdmin(args, { env, print, warn: print, askSecret });
  expect(lines.join()).toContain(agent.identity.id);
  const context = new AdminContext({
    env,
    url: undefined,
    dataDir: stack.dataDir,
    json: true,
    print,
    warn: print,
    askSecret,
  });
  expect((await checkGateway(site.url, context))[0]).toMatchObject({ level: 'ok' });
});
