import type { Conversation } from '@agent-messenger/contracts';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  createAgent,
  createPerson,
  findRoot,
  PYTHON,
  rest,
  startStack,
  TestSocket,
  waitFor,
  type Agent,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { testWith } from './python-sdk/python';

const AGENT = join(findRoot(), 'examples/python-agent/agent.py');

interface Script {
  child: ChildProcess;
  /** What it has printed. */
  lines: string[];
  /** Its exit code, after the last line. */
  ended: Promise<number | null>;
}

let stack: Stack;
let agent: Agent;
let person: Person;
let conversation: Conversation;
const scripts: Script[] = [];

beforeAll(async () => {
  stack = await startStack({ gateways: 2 });
  [agent, person] = await Promise.all([createAgent(url(0), stack.adminKey), createPerson(url(0))]);
  const opened = await rest(url(0), 'POST', '/conversations', {
    bearer: person.access_token,
    body: { agent_id: agent.id },
  });
  conversation = opened.body as Conversation;
}, 60_000);
afterEach(() => {
  for (const { child } of scripts.splice(0)) child.kill('SIGKILL');
});
afterAll(() => stack.stop(), 60_000);

function url(gateway: 0 | 1): string {
  return stack.gateways[gateway]?.url ?? '';
}

function run(file: string, env: Record<string, string>): Script {
  const child = spawn(PYTHON, [file], { env });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const script: Script = { child, lines: [], ended };
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => line && script.lines.push(line));
  }
  scripts.push(script);
  return script;
}

async function runAgent(apiKey = agent.api_key): Promise<Script> {
  const script = run(AGENT, { AGENT_MESSENGER_URL: url(1), AGENT_API_KEY: apiKey });
  await waitFor(() => script.lines.length > 0, { describe: 'the agent to connect' });
  return script;
}

/** What the agent has taken responsibility for. */
async function deliveredTo(identityId: string): Promise<number> {
  const { body } = await rest(url(0), 'GET', `/conversations/${conversation.id}`, {
    bearer: person.access_token,
  });
  const member = (body as Conversation).members.find(({ id }) => id === identityId);
  return member?.delivered_seq ?? 0;
}

testWith('websockets')(
  'the example agent answers by plain WebSocket, and reconnects',
  async () => {
    const socket = await new TestSocket(url(0), '/client', { token: person.access_token }).synced();
    // Written before the agent was ever there.
    const first = await socket.send(conversation.id, 'p-1', 'Are you there?');
    const script = await runAgent();
    expect(script.lines[0]).toMatch(/^connected .*"kind": "agent"/);
    const isEcho = (text: string) => () => socket.contents.includes(`echo: ${text}`);
    await waitFor(isEcho('Are you there?'));
    await waitFor(async () => (await deliveredTo(agent.id)) >= first.message.seq);

    await stack.gateways[1]?.restart();
    await socket.send(conversation.id, 'p-2', 'Still there?');
    await waitFor(isEcho('Still there?'));
    expect(script.lines.filter((line) => line.startsWith('connected'))).toHaveLength(2);
    expect(script.lines.some((line) => line.includes('4410'))).toBe(true);
    expect(socket.contents.filter((content) => content?.startsWith('echo:'))).toHaveLength(2);
    socket.close();
  },
  60_000,
);

testWith('websockets')(
  'a newer connection or a wrong key ends the example agent',
  async () => {
    const script = await runAgent();
    const other = await new TestSocket(url(0), '/agent', { api_key: agent.api_key }).synced();
    expect(await script.ended).toBe(1);
    expect(script.lines).toContain('replaced {}');
    other.close();

    const refused = await runAgent('amk_wrong_key');
    expect(await refused.ended).toBe(1);
    expect(refused.lines[0]).toMatch(/^error .*unauthorized/);
  },
  60_000,
);

testWith('websockets', 'socketio', 'aiohttp')(
  'python-socketio talks to /client',
  async () => {
    await runAgent();
    const client = run(join(__dirname, 'socketio-client.py'), {
      AGENT_MESSENGER_URL: url(0),
      TOKEN: person.access_token,
      CONVERSATION_ID: conversation.id,
    });
    const status = await client.ended;
    expect({ status, lines: client.lines }).toMatchObject({ status: 0 });
    const events = client.lines.map((line) => JSON.parse(line) as [string, unknown]);
    const first = (name: string) => events.find(([one]) => one === name)?.[1];
    expect(events[0]?.[0]).toBe('connected');
    expect(first('ack')).toMatchObject({
      ok: true,
      duplicate: false,
      message: { content: 'Hello from Python' },
    });
    expect(first('repeated')).toMatchObject({ ok: true, duplicate: true });
    expect(first('unknown')).toMatchObject({ ok: false, error: { code: 'not_found' } });
    expect(client.lines.join()).toContain('echo: Hello from Python');
  },
  60_000,
);
