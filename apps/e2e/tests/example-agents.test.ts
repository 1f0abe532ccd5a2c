import type { Message } from '@agent-messenger/contracts';
import { connectClient, type Client, type ClientConversation } from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  startStack,
  waitFor,
  type Stack,
} from '@agent-messenger/testkit';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runExample, type RunningExample } from './examples/run-example';

let stack: Stack;
let url: string;
const running: RunningExample[] = [];
const clients: Client[] = [];
beforeAll(async () => {
  stack = await startStack();
  url = stack.gateways[0]!.url;
}, 60_000);
afterAll(() => stack.stop(), 60_000);
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ deadlineMs: 0 })));
  const programs = running.splice(0);
  programs.forEach((program) => program.kill());
  await Promise.all(programs.map(({ ended }) => ended));
});

function run(file: string, env: Record<string, string> = {}, apiKey = ''): RunningExample {
  const example = { name: file, file, command: process.execPath, env, needs: [] };
  const program = runExample(example, { url, apiKey });
  running.push(program);
  return program;
}

interface Talk {
  client: Client;
  conversation: ClientConversation;
  /** What the agent has said. */
  said: Message[];
  /** Runs the agent's program. */
  start(): Promise<RunningExample>;
}

/** A person, and an agent that is one of the examples. */
async function talkWith(file: string, env: Record<string, string> = {}): Promise<Talk> {
  const [identity, { username, password }] = await Promise.all([
    createAgent(url, stack.adminKey),
    createPerson(url),
  ]);
  const client = await connectClient({ url, username, password });
  clients.push(client);
  const conversation = await client.openConversation({ agent_id: identity.id });
  const said: Message[] = [];
  client.on('message', (message) => {
    if (message.sender.id === identity.id) said.push(message);
  });
  const start = async () => {
    const program = run(file, env, identity.api_key);
    await waitFor(() => program.lines.includes('connected'), {
      describe: `connected; it said ${program.lines.join('\n')}`,
      timeoutMs: 30_000,
    });
    return program;
  };
  return { client, conversation, said, start };
}

test('the echo agent', async () => {
  const { conversation, said, start } = await talkWith('echo-agent/agent.mjs');
  await start();
  await conversation.send('Hello');
  await waitFor(() => said.length === 1);
  expect(said[0]).toMatchObject({ content: 'echo: Hello' });
});

describe('the agent of an OpenAI-compatible endpoint', () => {
  async function open() {
    const standIn = run('openai-agent/stand-in.mjs', { WORD_MS: '100' });
    await waitFor(() => standIn.lines.length > 0);
    const env = { OPENAI_BASE_URL: standIn.lines[0] ?? '' };
    const talk = await talkWith('openai-agent/agent.mjs', env);
    const texts: string[] = [];
    talk.client.on('stream', ({ text }) => texts.push(text));
    await talk.start();
    return { ...talk, standIn, texts };
  }

  test('is seen while it writes, knows what was said before, and tells its usage', async () => {
    const { conversation, said, texts } = await open();
    // Written over seconds: one of its words is seen before the last, though somebody may stand still meanwhile.
    const question = 'one two three '.repeat(10).trim();
    const { message } = await conversation.send(question);
    await waitFor(() => said.length === 1);
    const content = `You asked 1 times, and now: ${question}`;
    expect(said[0]).toMatchObject({
      content,
      reply_to: message.id,
      metadata: {
        usage: {
          input_tokens: question.length,
          output_tokens: content.split(' ').length,
          model: 'stand-in',
        },
      },
    });
    const seen = new Set(texts.filter((text) => text !== '' && text !== content));
    expect(seen.size).toBeGreaterThan(1);
    for (const text of seen) expect(content.startsWith(text)).toBe(true);
    await conversation.send('four');
    await waitFor(() => said.length === 2);
    expect(said[1]?.content).toBe('You asked 3 times, and now: four');
  });

  test('stops when it is to, and the endpoint too', async () => {
    const { client, conversation, said, standIn } = await open();
    await conversation.send('word '.repeat(200));
    const [stream] = await waitFor(() => {
      const streams = client.streams(conversation.id);
      return streams[0]?.text ? streams : undefined;
    });
    await conversation.stop(stream!);
    await waitFor(() => said.length === 1);
    await waitFor(() => standIn.lines.includes('aborted'));
    const { content } = said[0]!;
    expect(content).toMatch(/^You /);
    expect(content!.length).toBeLessThan(1_000);
  });

  test('says when there is no answer', async () => {
    const { conversation, said } = await open();
    await conversation.send('fail');
    await waitFor(() => said.length === 1, { timeoutMs: 30_000 });
    expect(said[0]).toMatchObject({ state: 'failed', error: expect.any(String) as string });
    await conversation.send('and now?');
    await waitFor(() => said.length === 2);
    expect(said[1]?.content).toContain('and now?');
  }, 60_000);
});

describe('the agent that asks for approval', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'am-approval-'));
    for (const name of ['a.txt', 'b.txt', 'c.txt']) writeFileSync(join(folder, name), name);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const left = () => ['a.txt', 'b.txt', 'c.txt'].filter((name) => existsSync(join(folder, name)));

  test('deletes what was approved, and nothing else', async () => {
    const talk = await talkWith('approval-agent/agent.mjs', { FOLDER: folder });
    const { conversation, said, start } = talk;
    await start();
    await conversation.send('delete a.txt');
    await waitFor(() => said.length === 1);
    expect(said[0]).toMatchObject({ content: 'Delete a.txt?', actions: { length: 2 } });
    await conversation.choose(said[0]!.id, 'keep');
    await waitFor(() => said.length === 2);
    expect([said[1]?.content, left()]).toEqual(['Kept.', ['a.txt', 'b.txt', 'c.txt']]);
    await conversation.send('delete b.txt c.txt');
    await waitFor(() => said.length === 3);
    // Who has no buttons types.
    await conversation.send('Delete');
    await waitFor(() => said.length === 4);
    expect([said[3]?.content, left()]).toEqual(['Deleted: b.txt, c.txt.', ['a.txt']]);
    await conversation.send('delete ../a.txt');
    await waitFor(() => said.length === 5);
    expect(said[4]?.content).toContain('Say "delete"');
  });

  test('finds what was chosen while it was not there', async () => {
    const talk = await talkWith('approval-agent/agent.mjs', { FOLDER: folder });
    const { conversation, said, start } = talk;
    const first = await start();
    await conversation.send('delete a.txt');
    await waitFor(() => said.length === 1);
    first.kill();
    await first.ended;
    await conversation.choose(said[0]!.id, 'delete');
    expect(left()).toContain('a.txt');
    await start();
    await waitFor(() => said.length === 2);
    expect([said[1]?.content, left()]).toEqual(['Deleted: a.txt.', ['b.txt', 'c.txt']]);
  });
});
