import {
  applyEvent,
  connectAgent,
  connectClient,
  conversationState,
  messagesOf,
  type Agent,
  type AgentOptions,
  type Client,
  type ClientOptions,
  type ConversationState,
  type DeviceStorage,
  type Event,
  type TransportOptions,
} from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  startStack,
  waitFor,
  type Agent as AgentIdentity,
  type GatewayHandle,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { WebSocket } from 'ws';

const backoff = { minMs: 50, maxMs: 500 };
let stack: Stack;
let first: GatewayHandle;
let second: GatewayHandle;
let identity: AgentIdentity;
let person: Person;
const open: (Client | Agent)[] = [];
/** Of the clients that a test opens: the two sides of a conversation use different ones. */
let transports: { person: TransportOptions; agent: TransportOptions };
const socketIo: TransportOptions = { transport: 'socket.io' };
const plain: TransportOptions = { transport: 'websocket', WebSocket };

beforeAll(async () => {
  stack = await startStack({ gateways: 2 });
  [first, second] = stack.gateways as [GatewayHandle, GatewayHandle];
}, 60_000);
afterAll(() => stack.stop(), 60_000);
beforeEach(async () => {
  [identity, person] = await Promise.all([
    createAgent(first.url, stack.adminKey),
    createPerson(first.url),
  ]);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 })));
});

async function asPerson(url: string[], options: Partial<ClientOptions> = {}): Promise<Client> {
  const { username, password } = person;
  const client = await connectClient({
    ...transports.person,
    url,
    username,
    password,
    backoff,
    ...options,
  });
  open.push(client);
  return client;
}

async function asAgent(url: string[], options: Partial<AgentOptions> = {}): Promise<Agent> {
  const agent = await connectAgent({
    ...transports.agent,
    url,
    apiKey: identity.api_key,
    backoff,
    ...options,
  });
  open.push(agent);
  return agent;
}

class Disk implements DeviceStorage {
  readonly #items = new Map<string, string>();

  async get(key: string): Promise<string | null> {
    return this.#items.get(key) ?? null;
  }
  async set(key: string, value: string): Promise<void> {
    this.#items.set(key, value);
  }
}

/** The copy of one conversation that a side builds: history once, then events. */
class Copy {
  readonly seqs: number[] = [];

  private constructor(public state: ConversationState) {}

  static async of(side: Client | Agent, id: string): Promise<Copy> {
    const copy = new Copy(await fresh(side, id));
    // The same name and listener on both sides, of which a union cannot be called.
    if ('watchPresence' in side) side.on('event', (event) => copy.add(event));
    else side.on('event', (event) => copy.add(event));
    return copy;
  }

  private add(event: Event): void {
    if (event.conversation_id !== this.state.id) return;
    this.seqs.push(event.seq);
    this.state = applyEvent(this.state, event);
  }
}

async function fresh(side: Client | Agent, id: string): Promise<ConversationState> {
  const conversation = await side.rest.request('getConversation', {
    params: { conversation_id: id },
  });
  return conversationState(conversation, await side.conversation(id).messages({ limit: 200 }));
}

function shown(state: ConversationState) {
  return { ...state, messages: messagesOf(state) };
}

/** Waits until a copy has come as far as the log, and compares it with what REST gives. */
async function expectCurrent(copy: Copy, side: Client | Agent): Promise<void> {
  const { id } = copy.state;
  const now = await waitFor(
    async () => {
      const read = await fresh(side, id);
      return copy.state.last_seq === read.last_seq ? read : undefined;
    },
    { describe: 'the last event' },
  );
  expect(shown(copy.state)).toEqual(shown(now));
}

describe.each([
  { names: 'a person over Socket.IO, an agent over WebSocket', person: socketIo, agent: plain },
  { names: 'a person over WebSocket, an agent over Socket.IO', person: plain, agent: socketIo },
])('$names', ({ person: personTransport, agent: agentTransport }) => {
  beforeEach(() => {
    transports = { person: personTransport, agent: agentTransport };
  });

  test('a conversation goes on when a gateway is killed in the middle of it', async () => {
    const agent = await asAgent([first.url, second.url]);
    const client = await asPerson([second.url, first.url]);
    const conversation = await client.openConversation({ agent_id: identity.id });
    agent.onMessage((message, reply) => reply.send(`re: ${message.content}`));
    const copy = await Copy.of(client, conversation.id);

    const texts = Array.from({ length: 30 }, (_, n) => `message ${n}`);
    for (const [n, text] of texts.entries()) {
      // First the agent's gateway, then, when it is back, the client's.
      if (n === 10) await first.kill();
      if (n === 20) {
        await first.start();
        await second.kill();
      }
      const sent = conversation.send(text);
      // Two of three are under way together; the third waits for them.
      if (n % 3 === 2) await sent;
    }
    await second.start();
    const answered = () => messagesOf(copy.state).filter(({ sender }) => sender.id === identity.id);
    await waitFor(() => answered().length >= texts.length, {
      timeoutMs: 30_000,
      describe: 'all answers',
    });
    await expectCurrent(copy, client);
    const sent = messagesOf(copy.state).filter(({ sender }) => sender.id === person.user_id);
    expect(sent.map(({ content }) => content)).toEqual(texts);
    expect(answered().map(({ content }) => content)).toEqual(texts.map((text) => `re: ${text}`));
    // Each event once and in order.
    const from = copy.seqs[0] ?? 0;
    expect(copy.seqs).toEqual(copy.seqs.map((_, index) => from + index));
  }, 90_000);

  test('a message whose handler crashed comes again and is answered once', async () => {
    const crashing = await asAgent([first.url]);
    const client = await asPerson([second.url]);
    const conversation = await client.openConversation({ agent_id: identity.id });
    const begun = new Promise<void>((resolve) =>
      crashing.onMessage(async (_, reply) => {
        await reply.send('one');
        resolve();
        // As a process that dies here: it never settles.
        await new Promise(() => undefined);
      }),
    );
    await conversation.send('work');
    await begun;
    await crashing.close({ deadlineMs: 0 });

    const agent = await asAgent([second.url]);
    const duplicates: boolean[] = [];
    const done = new Promise<void>((resolve) =>
      agent.onMessage(async (_, reply) => {
        duplicates.push((await reply.send('said differently this time')).duplicate);
        duplicates.push((await reply.send('two')).duplicate);
        resolve();
      }),
    );
    await done;
    expect(duplicates).toEqual([true, false]);
    const { messages } = await conversation.history();
    expect(messages.map(({ content }) => content)).toEqual(['work', 'one', 'two']);

    // Received now: a third start has nothing to do.
    await agent.close();
    const third = await asAgent([first.url]);
    const next = new Promise((resolve) => third.onMessage(({ content }) => resolve(content)));
    await conversation.send('next');
    await expect(next).resolves.toBe('next');
  });

  test('two devices of one person in turn: each ends with the full history', async () => {
    const agent = await asAgent([first.url]);
    agent.onMessage((message, reply) => reply.send(`re: ${message.content}`));
    const opener = await asPerson([first.url]);
    const { id } = await opener.openConversation({ agent_id: identity.id });
    await opener.close();

    const devices = [first.url, second.url].map((url, n) => ({
      url,
      transport: n === 0 ? transports.person : transports.agent,
      storage: new Disk(),
      seqs: [] as number[],
      state: null as ConversationState | null,
    }));
    for (let turn = 0; turn < 6; turn++) {
      const device = devices[turn % 2];
      if (!device) throw new Error('two devices');
      const client = await asPerson([device.url], { storage: device.storage, ...device.transport });
      // A new device loads; after that it lives on events alone.
      let state = device.state ?? (await fresh(client, id));
      client.on('event', (event) => {
        device.seqs.push(event.seq);
        state = applyEvent(state, event);
        device.state = state;
      });
      await client.conversation(id).send(`turn ${turn}`);
      const answer = `re: turn ${turn}`;
      await waitFor(() => messagesOf(state).at(-1)?.content === answer, { describe: answer });
      expect(shown(state)).toEqual(shown(await fresh(client, id)));
      await client.close();
      await agent.conversation(id).send(`while nobody is there, after turn ${turn}`);
    }
    for (const { seqs } of devices) {
      const from = seqs[0] ?? 0;
      expect(seqs).toEqual(seqs.map((_, index) => from + index));
    }
  }, 60_000);

  test('edits, deletions, reactions and titles reach both sides, who end where REST stands', async () => {
    const agent = await asAgent([first.url]);
    const client = await asPerson([second.url]);
    const conversation = await client.openConversation({ agent_id: identity.id, title: 'Before' });
    agent.onMessage(async (message, reply) => {
      const { message: answer } = await reply.send('thinking');
      await reply.edit(answer.id, `re: ${message.content}`);
      await reply.react(message.id, '👍');
    });
    const copies = await Promise.all([client, agent].map((side) => Copy.of(side, conversation.id)));

    const sends = await Promise.all(['a', 'b', 'c'].map((text) => conversation.send(text)));
    const [a, b] = sends.map(({ message }) => message.id) as [string, string];
    const [mine, theirs] = copies as [Copy, Copy];
    // What the agent does comes before what is deleted, to which nobody reacts.
    const isAnswered = () => {
      const messages = messagesOf(theirs.state);
      const answers = messages.filter(({ content }) => content?.startsWith('re: '));
      return (
        answers.length === 3 && messages.filter((one) => one.reactions.length > 0).length === 3
      );
    };
    await waitFor(isAnswered, { describe: 'the answers' });
    await conversation.edit(a, 'edited');
    await conversation.react(b, '🎉');
    await conversation.react(b, '🎉', false);
    await conversation.delete(b);
    await expect(conversation.delete(b)).resolves.toMatchObject({ duplicate: true });
    await expect(agent.conversation(conversation.id).edit(a, 'not mine')).rejects.toMatchObject({
      code: 'forbidden',
    });
    await client.updateConversation(conversation.id, { title: 'After', tags: ['own'] });
    await waitFor(() => theirs.state.title === 'After', { describe: 'the title' });

    await expectCurrent(mine, client);
    await expectCurrent(theirs, agent);
    expect(shown(mine.state)).toEqual(shown(theirs.state));
    expect(
      messagesOf(mine.state).filter(({ sender }) => sender.id === person.user_id),
    ).toMatchObject([{ content: 'edited' }, { content: null }, { content: 'c' }]);
    const listed = await client.rest.request('getConversation', {
      params: { conversation_id: conversation.id },
    });
    const { title, last_message, unread_count, last_seq, members } = listed;
    expect(conversation.state).toMatchObject({ title, last_message, unread_count, last_seq });
    expect(conversation.state?.members.map(({ id }) => id)).toEqual(members.map(({ id }) => id));

    await client.deleteConversation(conversation.id);
    await waitFor(() => copies.every(({ state }) => state.deleted), { describe: 'the end of it' });
    expect(client.conversations()).toEqual([]);
  });

  test('messages that a device could not send go out when it is back, once', async () => {
    const storage = new Disk();
    const before = await asPerson([first.url], { storage });
    const conversation = await before.openConversation({ agent_id: identity.id });
    await first.kill();
    const sends = ['one', 'two'].map((text) => conversation.send(text));
    const refused = Promise.allSettled(sends);
    await before.close({ deadlineMs: 0 });
    expect(await refused).toMatchObject([
      { reason: { code: 'closed' } },
      { reason: { code: 'closed' } },
    ]);
    await first.start();

    const after = await asPerson([second.url], { storage });
    await after.conversation(conversation.id).send('three');
    const { messages } = await after.conversation(conversation.id).history();
    expect(messages.map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    expect(after.unsent()).toEqual([]);
  }, 60_000);

  test("an agent's status is told, and told again after a reconnect", async () => {
    const agent = await asAgent([first.url, second.url]);
    const client = await asPerson([second.url]);
    await client.openConversation({ agent_id: identity.id });
    const statuses: string[] = [];
    client.on('presence', ({ status }) => statuses.push(status));
    await client.watchPresence([identity.id]);
    await agent.setStatus('busy');
    await waitFor(() => statuses.at(-1) === 'busy', { describe: 'busy' });
    await first.kill();
    // The other gateway knows the agent anew; only the SDK knows what it called itself.
    await waitFor(
      async () => {
        const agents = await client.agents();
        return agents.find(({ id }) => id === identity.id)?.status === 'busy';
      },
      { timeoutMs: 20_000, describe: 'busy on the other gateway' },
    );
    await first.start();
  }, 60_000);
});
