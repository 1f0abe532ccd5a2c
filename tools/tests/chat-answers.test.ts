import {
  createAgent,
  createPerson,
  rest,
  startStack,
  TestSocket,
  waitFor,
  type Agent,
  type Stack,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { openChat, type ChatScreen } from './chat-screen';

let stack: Stack;
let url: string;
const sockets: TestSocket[] = [];
const chats: ChatScreen[] = [];
beforeAll(async () => {
  stack = await startStack();
  url = stack.gateways[0]!.url;
}, 60_000);
afterAll(() => stack.stop(), 60_000);
afterEach(async () => {
  for (const { input, ended } of chats.splice(0)) {
    input.write('\r/quit\r');
    await ended;
  }
  sockets.splice(0).forEach((socket) => socket.close());
});

/** An agent, and a person who chats with it. */
async function open() {
  const [identity, person] = await Promise.all([
    createAgent(url, stack.adminKey, { name: 'Ada' }),
    createPerson(url),
  ]);
  const { body } = await rest(url, 'POST', '/conversations', {
    bearer: person.access_token,
    body: { agent_id: identity.id },
  });
  const conversation_id = (body as { id: `cnv_${string}` }).id;
  const agent = await connect(identity);
  const login = ['--user', person.username, '--password', person.password];
  const chat = openChat(['--url', url, ...login, '--agent', identity.id]);
  chats.push(chat);
  await waitFor(() => chat.rows().some((row) => row.startsWith('Type a message')));

  /** Begins an answer; what is appended is counted. */
  function write(stream_id: string) {
    const stream = { conversation_id, stream_id };
    let offset = 0;
    return {
      start: () => agent.request('stream:start', stream),
      append: (text: string) => {
        void agent.request('stream:append', { ...stream, offset, text });
        offset += text.length;
      },
      end: (more: object = {}) => agent.request('stream:end', { ...stream, offset, ...more }),
      fail: (error: string) => agent.request('stream:fail', { ...stream, error }),
    };
  }
  const say = async (content: string, more: object = {}) => {
    const message = { conversation_id, client_id: randomUUID(), content, ...more };
    const answer = await agent.request('message:send', message);
    if (!answer.ok) throw new Error(answer.error.code);
    return answer.message;
  };
  return { agent, chat, conversation_id, write, say };
}

async function connect({ api_key }: Agent): Promise<TestSocket> {
  const socket = new TestSocket(url, '/agent', { api_key });
  sockets.push(socket);
  return socket.synced();
}

const ACTIONS = [
  { id: 'approve', label: 'Delete them' },
  { id: 'deny', label: 'Keep them' },
];

test('an answer is shown while it is written, and once when it is there', async () => {
  const { chat, write } = await open();
  const answer = write('answer-1');
  await answer.start();
  answer.append('The rep');
  await chat.shows('Ada: The rep');
  chat.input.write('and I type');
  answer.append('ort is ready.\nIt has 3 pa');
  await chat.endsWith('Ada: The report is ready.', 'It has 3 pa', '> and I type');
  answer.append('ges.');
  expect(await answer.end()).toMatchObject({ ok: true });
  await chat.endsWith('Ada: The report is ready.', 'It has 3 pages.', '> and I type');
});

test.each([
  ['Ctrl-X', '\u0018'],
  ['Esc', '\u001b'],
])('%s asks the agent to stop', async (_name, key) => {
  const { agent, chat, write } = await open();
  chat.input.write(key);
  const answer = write('answer-1');
  await answer.start();
  answer.append('A long st');
  await chat.shows('Ada: A long st');
  chat.input.write(key);
  expect(await agent.when('stream:stop')).toMatchObject({ stream_id: 'answer-1' });
  await chat.shows('* stopping…');
  expect(chat.rows().filter((row) => row === '* stopping…')).toHaveLength(1);
  await answer.end();
  await waitFor(() => chat.rows().at(-2) === 'Ada: A long st');
});

test('a failure keeps what was written, and says why', async () => {
  const { chat, write, say } = await open();
  const answer = write('answer-1');
  await answer.start();
  answer.append('First row.\nSecond');
  await chat.shows('Second');
  await answer.fail('The model is overloaded.');
  await chat.shows('* Ada failed: The model is overloaded.');
  await say('', { state: 'failed', error: 'No model.' });
  await chat.endsWith(
    'Ada: First row.',
    'Second',
    '* Ada failed: The model is overloaded.',
    '* Ada failed: No model.',
    '>',
  );
});

test('an answer that its agent left is shown as interrupted', async () => {
  const { chat, write } = await open();
  const answer = write('answer-1');
  await answer.start();
  answer.append('Half an ans');
  await chat.shows('Ada: Half an ans');
  chat.input.write('\u0018');
  // It does not stop: after a while it is cut off.
  await waitFor(() => chat.rows().includes('* Ada was interrupted'), { timeoutMs: 30_000 });
  expect(chat.rows()).toContain('Ada: Half an ans');
});

test('what the agent does stands above the prompt until it is done', async () => {
  const { agent, chat, conversation_id, say } = await open();
  await agent.request('activity', {
    conversation_id,
    state: 'using_tool',
    label: 'searching the web',
  });
  await chat.shows('* Ada is using a tool: searching the web');
  await say('Found it.');
  await chat.endsWith('Ada: Found it.', '>');
  expect(chat.rows().some((row) => row.includes('searching'))).toBe(false);
});

test('a number chooses of what was asked; without a question it is a message', async () => {
  const { agent, chat, say } = await open();
  const { id } = await say('Delete 3 files?', { actions: ACTIONS });
  await chat.shows('  2  Keep them');
  chat.input.write('2\r');
  const chosen = await agent.when('event', ({ type }) => type === 'action.chosen');
  expect(chosen).toMatchObject({ message: { id, choice: { action_id: 'deny' } } });
  await chat.shows('* chosen: Keep them');
  chat.input.write('2\r');
  await waitFor(() => agent.contents.includes('2'));
});

test('of a question that was withdrawn nothing is chosen: the number is a message', async () => {
  const { agent, chat, conversation_id, say } = await open();
  const { id } = await say('Delete 3 files?', { actions: ACTIONS });
  await chat.shows('  1  Delete them');
  const message_id = id as `msg_${string}`;
  await agent.request('message:delete', { conversation_id, message_id });
  await chat.shows('* Ada deleted a message');
  chat.input.write('1\r');
  await waitFor(() => agent.contents.includes('1'));
});
