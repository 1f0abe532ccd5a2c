import {
  connectClient,
  type Client,
  type ClientConversation,
  type Message,
} from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  startStack,
  TestSocket,
  waitFor,
  type Agent,
  type Stack,
} from '@agent-messenger/testkit';
import { Programs, testWith, type Program } from './python';

let stack: Stack;
let agent: Agent;
let client: Client;
let conversation: ClientConversation;
let said: Message[] = [];
const programs = new Programs();
const testPython = testWith('websockets');

beforeAll(async () => {
  stack = await startStack({ gateways: 2, env: { gateway: { AGENT_PONG_TIMEOUT_MS: '5000' } } });
}, 60_000);
beforeEach(async () => {
  agent = await createAgent(url(0), stack.adminKey);
  const { username, password } = await createPerson(url(0));
  client = await connectClient({ url: url(0), username, password });
  said = [];
  client.on('message', (message) => said.push(message));
  conversation = await client.openConversation({ agent_id: agent.id });
});
afterEach(async () => {
  programs.stop();
  await client.close({ deadlineMs: 0 });
});
afterAll(() => stack.stop(), 60_000);

function url(gateway: 0 | 1): string {
  return stack.gateways[gateway]?.url ?? '';
}

function start(env: Record<string, string> = {}): Promise<Program> {
  return programs.agent('answers.py', {
    AGENT_MESSENGER_URL: url(1),
    AGENT_API_KEY: agent.api_key,
    ...env,
  });
}

const answers = () => said.filter(({ sender }) => sender.id === agent.id);
const contents = () => answers().map(({ content }) => content);

async function delivered(): Promise<number> {
  const { members } = await client.rest.request('getConversation', {
    params: { conversation_id: conversation.id },
    query: {},
  });
  return members.find(({ id }) => id === agent.id)?.delivered_seq ?? 0;
}

testPython(
  'answers what was missed and what comes, and tells its status again after a reconnect',
  async () => {
    const missed = await conversation.send('echo Are you there?');
    await start();
    await waitFor(() => contents().includes('echo: Are you there?'));
    await waitFor(async () => (await delivered()) >= missed.message.seq);
    const statusIs = async (wanted: string) =>
      (await client.agents()).some(({ id, status }) => id === agent.id && status === wanted);
    await waitFor(() => statusIs('busy'));

    await stack.gateways[1]?.restart();
    await conversation.send('echo Still there?');
    await waitFor(() => contents().includes('echo: Still there?'));
    await waitFor(() => statusIs('busy'));
    expect(contents()).toEqual(['echo: Are you there?', 'echo: Still there?']);
  },
  60_000,
);

testPython(
  'edits, reacts, and moves to another gateway when one is killed',
  async () => {
    await start({ AGENT_MESSENGER_URL: `${url(1)},${url(0)}` });
    const { message } = await conversation.send('react');
    // Behind the reaction it may be read from the log, where it has been edited.
    await waitFor(() => contents().some((content) => content === 'first' || content === 'second'));
    const page = await waitFor(async () => {
      const read = await conversation.history();
      return read.messages.some(({ content }) => content === 'second') ? read : undefined;
    });
    expect(page.messages.find(({ id }) => id === message.id)?.reactions).toEqual([
      { emoji: '👍', identity_ids: [agent.id] },
    ]);
    await stack.gateways[1]?.kill();
    await conversation.send('echo over there');
    await waitFor(() => contents().includes('echo: over there'));
    await stack.gateways[1]?.start();
  },
  60_000,
);

testPython(
  'a handler that blocks for longer than a pong may take is run once',
  async () => {
    const program = await start();
    // Longer than the time between two pings of the gateway and its wait for the pong.
    await conversation.send('block 36');
    await conversation.send('echo next');
    await waitFor(() => contents().includes('echo: next'), { timeoutMs: 60_000 });
    expect(contents()).toEqual(['blocked', 'echo: next']);
    expect(program.lines.filter((line) => line.startsWith('run '))).toEqual([
      'run 1: block 36',
      'run 1: echo next',
    ]);
    expect(program.lines.join()).not.toContain('disconnected');
  },
  90_000,
);

testPython(
  'a handler that fails or hangs is told to the person, and doubles nothing',
  async () => {
    const program = await start({ HANDLER_TIMEOUT_S: '0.5' });
    const failing = await conversation.send('fail');
    const hanging = await conversation.send('hang');
    const last = await conversation.send('echo on');
    await waitFor(() => contents().includes('echo: on'), { timeoutMs: 30_000 });
    expect(answers()).toMatchObject([
      { content: 'attempt 1', client_id: `${failing.message.id}:1` },
      { state: 'failed', reply_to: failing.message.id, client_id: `failed:${failing.message.id}` },
      { state: 'failed', reply_to: hanging.message.id },
      { content: 'echo: on' },
    ]);
    expect(program.lines.filter((line) => line.includes(': fail'))).toHaveLength(4);
    expect(program.lines.join('\n')).toContain('ValueError: no model');
    await waitFor(async () => (await delivered()) >= last.message.seq);
  },
  60_000,
);

testPython(
  'what was not settled when it was killed is handled again, and answered once',
  async () => {
    const first = await start();
    await conversation.send('hang');
    await waitFor(() => first.lines.some((line) => line.includes('hang')));
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await start({ HANDLER_TIMEOUT_S: '0.2' });
    await waitFor(() => answers().length === 1);
    expect(answers()).toMatchObject([{ state: 'failed' }]);
    expect(second.lines.join('\n')).toContain('run 1: hang');
  },
  60_000,
);

testPython(
  'a newer connection or a wrong key ends it with exit code 1',
  async () => {
    const program = await start({ RUN: '1' });
    await conversation.send('echo here');
    await waitFor(() => contents().includes('echo: here'));
    const other = await new TestSocket(url(0), '/agent', { api_key: agent.api_key }).synced();
    expect(await program.ended).toBe(1);
    expect(program.lines.join('\n')).toContain('it is over (replaced)');
    other.close();

    const refused = programs.run([`${__dirname}/agents/answers.py`], {
      AGENT_MESSENGER_URL: url(0),
      AGENT_API_KEY: 'amk_wrong_key',
      RUN: '1',
    });
    expect(await refused.ended).toBe(1);
    expect(refused.lines.join('\n')).toContain('it is over (unauthorized)');
  },
  60_000,
);

testPython(
  'SIGTERM lets what runs be answered and ends it with exit code 0',
  async () => {
    const program = await start({ RUN: '1' });
    const { message } = await conversation.send('block 1');
    await waitFor(() => program.lines.some((line) => line.includes('block')));
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    // Nothing of it comes again to whoever starts next.
    await waitFor(async () => (await delivered()) >= message.seq);
    await waitFor(() => contents().includes('blocked'));
  },
  60_000,
);
