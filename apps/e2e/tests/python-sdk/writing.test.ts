import {
  connectClient,
  type Client,
  type ClientConversation,
  type Message,
  type StreamView,
} from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  startStack,
  waitFor,
  type Agent,
  type Stack,
} from '@agent-messenger/testkit';
import { runWrites } from './agents/writes';
import { Programs, testWith } from './python';

let stack: Stack;
let agent: Agent;
let client: Client;
let conversation: ClientConversation;
let said: Message[] = [];
let views: StreamView[] = [];
const programs = new Programs();
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  stack = await startStack({ gateways: 2 });
}, 60_000);
beforeEach(async () => {
  agent = await createAgent(url(0), stack.adminKey);
  const { username, password } = await createPerson(url(0));
  client = await connectClient({ url: url(0), username, password });
  said = [];
  views = [];
  client.on('message', (message) => said.push(message));
  client.on('stream', (view) => views.push(view));
  conversation = await client.openConversation({ agent_id: agent.id });
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await client.close({ deadlineMs: 0 });
});
afterAll(() => stack.stop(), 60_000);

function url(gateway: 0 | 1): string {
  return stack.gateways[gateway]?.url ?? '';
}

const answers = () => said.filter(({ sender }) => sender.id === agent.id);
const contents = () => answers().map(({ content }) => content);
const current = async (id: string) =>
  (await conversation.history()).messages.find((message) => message.id === id);

const LANGUAGES = [
  {
    language: 'Python',
    start: async () => {
      const env = { AGENT_MESSENGER_URL: `${url(1)},${url(0)}`, AGENT_API_KEY: agent.api_key };
      const program = await programs.agent('writes.py', env);
      const stop = async () => {
        program.child.kill('SIGKILL');
        await program.ended;
      };
      stops.push(stop);
      return stop;
    },
  },
  {
    language: 'TypeScript',
    start: async () => {
      const running = await runWrites([url(1), url(0)], agent.api_key);
      const stop = () => running.close({ deadlineMs: 0 });
      stops.push(stop);
      return stop;
    },
  },
];

describe.each(LANGUAGES)('an agent in $language', ({ language, start }) => {
  const testSdk = language === 'Python' ? testWith('websockets') : test;

  testSdk(
    'is read while it writes, and leaves one message',
    async () => {
      await start();
      const words = `a token 😀 and ${'another and '.repeat(50)}more of them until it has been said`;
      const { message } = await conversation.send(`stream ${words}`);
      await waitFor(() => contents().length === 1);
      expect(answers()).toMatchObject([
        { content: `${words} `, reply_to: message.id, client_id: `${message.id}:1` },
      ]);
      expect(views.length).toBeGreaterThan(3);
      for (const { text } of views) expect(`${words} `.startsWith(text)).toBe(true);
      expect(views.at(-1)?.status).toBe('over');
    },
    60_000,
  );

  testSdk(
    'goes on when its gateway is killed, and when Redis has forgotten everything',
    async () => {
      await start();
      const words = Array.from({ length: 150 }, (_, n) => `w${n}`).join(' ');
      await conversation.send(`stream ${words}`);
      // Of those that came: what is written may be over when a busy machine comes to look at it.
      const begun = (before?: StreamView) =>
        waitFor(() =>
          views.find(
            ({ text, stream_id }) => text.includes('w10 ') && stream_id !== before?.stream_id,
          ),
        );
      const first = await begun();
      await stack.gateways[1]?.kill();
      await stack.gateways[1]?.start();
      await waitFor(() => contents().length === 1, { timeoutMs: 30_000 });
      expect(contents()).toEqual([`${words} `]);

      await conversation.send(`stream ${words}`);
      await begun(first);
      await stack.redis.restart({ empty: true });
      await waitFor(() => contents().length === 2, { timeoutMs: 30_000 });
      expect(contents()).toEqual([`${words} `, `${words} `]);
    },
    90_000,
  );

  testSdk(
    'stops when a person says so: what was written is the answer',
    async () => {
      await start();
      await conversation.send('endless');
      const stream = await waitFor(() => client.streams().find(({ text }) => text === 'once upon'));
      await conversation.stop(stream);
      await waitFor(() => contents().length === 1);
      expect(answers()).toMatchObject([{ content: 'once upon' }]);
      expect(answers()[0]?.state).toBeUndefined();
      await conversation.send('history');
      await waitFor(() => contents().length === 2);
      expect(contents()[1]).toBe('assistant: once upon / user: history');
    },
    60_000,
  );

  testSdk(
    'writes anew what failed, and is marked when it fails for good',
    async () => {
      await start();
      const flaky = await conversation.send('flaky answer');
      await conversation.send('broken');
      await waitFor(() => contents().length === 2, { timeoutMs: 30_000 });
      expect(answers()).toMatchObject([
        { content: 'answer 2', client_id: `${flaky.message.id}:1`, metadata: { runs: 2 } },
        { content: 'half', state: 'failed' },
      ]);
    },
    60_000,
  );

  testSdk(
    'asks, and finds the choice that was made while it was away; a reply answers too',
    async () => {
      const activity = new Promise((resolve) => client.on('activity', resolve));
      const stop = await start();
      await conversation.send('ask');
      await waitFor(() => answers().length === 1);
      expect(await activity).toMatchObject({ identity_id: agent.id, state: 'using_tool' });
      const [question] = answers();
      await stop();
      await conversation.choose(question!.id, 'deny');
      await start();
      await waitFor(() => contents().includes('answer: deny'), { timeoutMs: 30_000 });

      await conversation.send('ask');
      await waitFor(() => contents().length === 3);
      await conversation.send('Approve');
      await waitFor(() => contents().includes('answer: approve'));
      await conversation.send('expiring');
      await waitFor(
        () => contents().includes('answer: null') || contents().includes('answer: None'),
      );
      expect(contents()).toHaveLength(6);
      expect((await current(question!.id))?.choice?.action_id).toBe('deny');
    },
    60_000,
  );
});
