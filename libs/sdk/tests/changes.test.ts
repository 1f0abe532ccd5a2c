import {
  applyEvent,
  connectAgent,
  connectClient,
  conversationState,
  messagesOf,
  type Agent,
  type Client,
  type ClientOptions,
  type Event,
} from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { until } from './until';

const backoff = { minMs: 2, maxMs: 5 };
let gateway: FakeGateway;
const open: (Client | Agent)[] = [];

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.start();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 })));
  await gateway.stop();
});

async function connect(options: Partial<ClientOptions> = {}): Promise<Client> {
  const credentials = { username: 'ada', password: 'right' };
  const client = await connectClient({ url: gateway.url, ...credentials, backoff, ...options });
  open.push(client);
  return client;
}
const lost = { code: 'unavailable' as const, message: 'later', retry_after_ms: 1 };

describe('messages', () => {
  it('are edited, deleted and reacted to in the order of the calls, lost acks included', async () => {
    let tries = 0;
    gateway.onChange = () => (tries++ === 0 ? 'lose' : tries === 3 ? lost : null);
    const client = await connect();
    const conversation = client.conversation(CONVERSATION);
    const { message } = await conversation.send('first');
    const [edited, set, unset, last] = await Promise.all([
      conversation.edit(message.id, 'second'),
      conversation.react(message.id, '👍'),
      conversation.react(message.id, '👍', false),
      conversation.edit(message.id, 'third'),
    ]);
    expect(edited.duplicate).toBe(true);
    expect([set, unset, last].map(({ duplicate }) => duplicate)).toEqual([false, false, false]);
    expect(gateway.log().map(({ type }) => type)).toEqual([
      'conversation.created',
      'message.created',
      'message.edited',
      'reaction.set',
      'reaction.set',
      'message.edited',
    ]);
    await expect(conversation.delete(message.id)).resolves.toMatchObject({
      event: { type: 'message.deleted', message: { content: null } },
    });
  });

  it('pass a refusal on, and what no server would take', async () => {
    gateway.onChange = () => ({ code: 'forbidden', message: 'not yours' });
    const client = await connect();
    const conversation = client.conversation(CONVERSATION);
    const { id } = gateway.say(AGENT, 'mine');
    await expect(conversation.edit(id, 'yours')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(conversation.edit(id, 'x'.repeat(70_000) + 'two 👍👍')).rejects.toMatchObject({
      code: 'invalid_payload',
    });
    expect(gateway.count('message:edit')).toBe(1);
  });

  it('of a handler that is not awaited are done before its message counts as received', async () => {
    const agent = await connectAgent({ url: gateway.url, apiKey: 'key-1', backoff });
    open.push(agent);
    let failures = 0;
    gateway.onChange = () => (failures++ < 2 ? lost : null);
    agent.onMessage((message, conversation) => {
      void conversation.react(message.id, '👀');
    });
    gateway.say(USER, 'look');
    await until(() => gateway.delivered.get(`${AGENT} ${CONVERSATION}`) === 3, 'received');
    expect(gateway.messages()[0]?.reactions).toEqual([{ emoji: '👀', identity_ids: [AGENT] }]);
  });

  it('are chosen from once, lost acks included', async () => {
    let tries = 0;
    gateway.onChange = () => (tries++ === 0 ? 'lose' : null);
    const client = await connect();
    const actions = [
      { id: 'approve', label: 'Approve' },
      { id: 'deny', label: 'Deny' },
    ];
    const { id } = gateway.say(AGENT, 'Delete 3 files?', { actions });
    const conversation = client.conversation(CONVERSATION);
    const choice = { action_id: 'approve', by: { kind: 'user', id: USER } };
    await expect(conversation.choose(id, 'approve')).resolves.toMatchObject({
      event: { type: 'action.chosen', message: { id, choice } },
      duplicate: true,
    });
    await expect(conversation.choose(id, 'deny')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('lead by events to the state that history gives', async () => {
    gateway.say(AGENT, 'before');
    const client = await connect();
    const conversation = client.conversation(CONVERSATION);
    const known = conversation.state;
    if (!known) throw new Error('not listed');
    let state = conversationState(known, await conversation.history());
    client.on('event', (event) => (state = applyEvent(state, event)));
    const { message } = await conversation.send('text');
    await conversation.edit(message.id, 'other text');
    await conversation.react(message.id, '👍');
    await client.updateConversation(CONVERSATION, { title: 'Named' });
    await until(() => state.last_seq === gateway.log().length, 'all events');
    const { messages, last_seq } = await conversation.history();
    expect(messagesOf(state)).toEqual(messages);
    expect(state).toMatchObject({ title: 'Named', last_seq });
    expect(conversation.state).toMatchObject({
      title: 'Named',
      last_message: { content: 'other text' },
    });
  });
});

describe('conversations', () => {
  it('are updated and deleted over failures that pass', async () => {
    const client = await connect();
    const events: Event[] = [];
    client.on('event', (event) => events.push(event));
    let failures = 0;
    gateway.onRest = () => (failures++ === 0 ? lost : null);
    await expect(client.updateConversation(CONVERSATION, { title: 'New' })).resolves.toMatchObject({
      title: 'New',
    });
    expect(client.conversations()).toMatchObject([{ title: 'New' }]);
    failures = 0;
    await client.deleteConversation(CONVERSATION);
    expect(client.conversations()).toEqual([]);
    await until(() => events.at(-1)?.type === 'conversation.deleted', 'the last event');
    await expect(client.deleteConversation(CONVERSATION)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('that were deleted on another device end here too, whatever was missed before', async () => {
    const client = await connect();
    const events: Event[] = [];
    client.on('event', (event) => events.push(event));
    await until(() => events.length === 1, 'first event');
    gateway.say(AGENT, 'gone with the rest', { live: false });
    gateway.logs.get(CONVERSATION)?.close();
    gateway.delivered.set(`${USER} ${CONVERSATION}`, 3);
    gateway.socket(USER).cut();
    await until(() => events.length === 2, 'the last event');
    expect(events[1]).toMatchObject({ seq: 3, type: 'conversation.deleted' });
    expect(client.conversations()).toEqual([]);
  });

  it('read in part are counted by the server', async () => {
    gateway.say(AGENT, 'one');
    gateway.say(AGENT, 'two');
    const client = await connect();
    await client.conversation(CONVERSATION).read(2);
    expect(client.conversations()).toMatchObject([{ unread_count: 1, read_seq: 2 }]);
  });
});

it("keeps an agent's status over reconnects, the newest last", async () => {
  const agent = await connectAgent({ url: gateway.url, apiKey: 'key-1', backoff });
  open.push(agent);
  await Promise.all([agent.setStatus('busy'), agent.setStatus('idle')]);
  const statuses = () =>
    gateway.seen
      .filter(({ name }) => name === 'status:set')
      .map(({ data }) => (data as { status: string }).status);
  expect(statuses()).toEqual(['busy', 'idle']);
  gateway.socket(AGENT).cut();
  await until(() => statuses().length === 3, 'status of the new connection');
  expect(statuses()).toEqual(['busy', 'idle', 'idle']);
});
