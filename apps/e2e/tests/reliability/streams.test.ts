import {
  connectAgent,
  connectClient,
  createRest,
  type Agent,
  type Client,
  type StreamView,
} from '@agent-messenger/sdk';
import { createAgent, createPerson, waitFor, type ServiceProcess } from '@agent-messenger/testkit';
import { gatewaysOf, startReliability, type Reliability } from './setup';

/** What a busy machine keeps, though a process stands still for seconds now and then. */
const LEASE_TTL_MS = 15_000;
const backoff = { minMs: 50, maxMs: 500 };
const HALF = 'Half of what there is to say, 🧾 and ';
const WHOLE = `${HALF}the other half of it.`;

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  system = await startReliability({
    env: { gateway: { LEASE_TTL_MS: `${LEASE_TTL_MS}`, STREAM_RESUME_MS: '20000' } },
  });
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);
const open: (Client | Agent)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 })));
  await Promise.all([first, second].map((gateway) => gateway.start()));
});

/** An agent at the second gateway that writes half an answer and waits for `goOn`, and its reader at the first. */
async function halfWritten() {
  const [identity, { username, password }] = await Promise.all([
    createAgent(first.url, system.stack.adminKey),
    createPerson(first.url),
  ]);
  const agent = await connectAgent({
    ...{ url: [second.url, first.url], apiKey: identity.api_key, backoff },
  });
  const client = await connectClient({
    ...{ url: [first.url, second.url], username, password, backoff },
  });
  open.push(agent, client);
  let goOn: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  agent.onMessage(async (_message, reply) => {
    const stream = reply.stream();
    for (const token of HALF.match(/.{1,3}/gu) ?? []) stream.append(token);
    await gate;
    for (const token of WHOLE.slice(HALF.length).match(/.{1,3}/gu) ?? []) stream.append(token);
    await stream.end();
  });
  const texts: string[] = [];
  client.on('stream', ({ text }: StreamView) => void texts.push(text));
  const conversation = await client.openConversation({ agent_id: identity.id });
  const handle = client.conversation(conversation.id);
  await handle.send('A question');
  await waitFor(() => texts.at(-1) === HALF, { timeoutMs: 30_000 });
  /** The answer is there once, whole, and at no time was anything shown that is not its beginning. */
  const isWhole = async () => {
    await waitFor(
      async () => (await handle.history({ limit: 9 })).messages.at(-1)?.content === WHOLE,
      { timeoutMs: 30_000 },
    );
    const { messages } = await handle.history({ limit: 9 });
    expect(messages.map(({ content }) => content)).toEqual(['A question', WHOLE]);
    expect(messages.at(-1)?.state).toBeUndefined();
    expect(texts.filter((text) => !WHOLE.startsWith(text))).toEqual([]);
  };
  return { agent, agentId: identity.id as `agt_${string}`, client, handle, goOn, isWhole };
}

test('its agent is deleted while it writes: what people saw stays', async () => {
  const { agent, agentId, client, handle } = await halfWritten();
  const ended = new Promise((resolve) => agent.on('ended', resolve));
  await createRest(first.url).request(
    'deleteAgent',
    { params: { agent_id: agentId } },
    { adminKey: system.stack.adminKey },
  );
  await ended;
  await waitFor(async () => (await handle.history({ limit: 9 })).messages.length === 2);
  const { messages } = await handle.history({ limit: 9 });
  expect(messages.at(-1)).toMatchObject({ content: HALF, state: 'interrupted' });
  // Its message is there: that is for who listens.
  client.on('event', () => undefined);
  await waitFor(() => client.streams().length === 0);
}, 60_000);

test('the gateway of the agent is killed: it goes on at another', async () => {
  const { goOn, isWhole } = await halfWritten();
  await second.kill();
  goOn();
  await isWhole();
}, 60_000);

test('the gateway of the reader is killed: it has all the text at another, and follows', async () => {
  const { client, goOn, isWhole } = await halfWritten();
  const reconnected = new Promise((resolve) => client.on('connected', resolve));
  await first.kill();
  await reconnected;
  await waitFor(() => client.streams().some(({ text }) => text === HALF), { timeoutMs: 30_000 });
  goOn();
  await isWhole();
}, 60_000);

test('Redis restarts empty while it is written: the agent writes it again', async () => {
  const { goOn, isWhole } = await halfWritten();
  await system.stack.redis.restart({ empty: true });
  goOn();
  await isWhole();
}, 60_000);
