import { connectClient, type Client } from '@agent-messenger/sdk';
import {
  codeBlocks,
  createAgent,
  createPerson,
  startStack,
  waitFor,
  type Agent,
  type Stack,
} from '@agent-messenger/testkit';
import { Programs, testWith } from './python';

const FILE = 'sdks/python/README.md';
const blocks = codeBlocks(FILE).filter(({ language }) => language === 'python');
let stack: Stack;
let agent: Agent;
let client: Client;
const programs = new Programs();

beforeAll(async () => {
  stack = await startStack();
  const { url } = stack.gateways[0]!;
  agent = await createAgent(url, stack.adminKey);
  const { username, password } = await createPerson(url);
  client = await connectClient({ url, username, password });
}, 60_000);
afterEach(() => programs.stop());
afterAll(async () => {
  await client.close({ deadlineMs: 0 });
  await stack.stop();
}, 60_000);

testWith('websockets').each([
  ['An agent', ['echo: hello']],
  ['An answer while it is written', ['You said: hello']],
  ['A question', ['Delete 3 files?', 'Deleted.']],
])(
  '%s',
  async (heading, expected) => {
    const code = blocks.find(({ name }) => name === `${FILE}, ${heading}, 1`)!.code;
    const { url } = stack.gateways[0]!;
    const answers: (string | null)[] = [];
    const conversation = await client.openConversation({ agent_id: agent.id });
    const stopListening = client.on('message', (message) => {
      if (message.sender.kind !== 'agent' || message.conversation_id !== conversation.id) return;
      answers.push(message.content);
      if (message.actions) void conversation.choose(message.id, 'approve');
    });
    programs.run(['-c', code.replaceAll('http://127.0.0.1:8080', url)], {
      AGENT_API_KEY: agent.api_key,
    });
    await conversation.send('hello');
    await waitFor(() => answers.length === expected.length);
    expect(answers).toEqual(expected);
    stopListening();
  },
  60_000,
);

test('every code block is executed', () => {
  expect(blocks).toHaveLength(3);
});
