import type { Conversation, MessagePage } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  openTestSocket,
  rest,
  startStack,
  waitFor,
  type Agent,
  type Person,
  type Stack,
  type TestSocketBase,
  type Transport,
} from '@agent-messenger/testkit';

let stack: Stack;
let first: string;
let second: string;

beforeAll(async () => {
  stack = await startStack({ gateways: 2 });
  [first, second] = stack.gateways.map(({ url }) => url) as [string, string];
}, 60_000);
afterAll(() => stack.stop(), 60_000);

test('an administrator creates an agent, whose key is shown once', async () => {
  const body = { name: 'Grace', description: 'Compiles', model: 'm-1' };
  expect(await rest(first, 'POST', '/admin/agents', { body })).toMatchObject({
    status: 401,
    body: { code: 'unauthorized' },
  });
  const created = await rest(first, 'POST', '/admin/agents', {
    body,
    headers: { 'x-admin-key': stack.adminKey },
  });
  expect(created).toMatchObject({
    status: 201,
    body: {
      agent: { ...body, id: expect.stringMatching(/^agt_/), status: 'offline' },
      api_key: expect.stringMatching(/^amk_/),
    },
  });
  const key = (created.body as { api_key: string }).api_key;
  for (const name of ['gateway-1', 'gateway-2', 'auth', 'messages'])
    expect(stack.logs(name)).not.toContain(key);
});

test('a person registers, logs in, lists agents and opens a conversation', async () => {
  const credentials = { username: 'Bob.1', password: 'correct horse' };
  const agent = await createAgent(first, stack.adminKey, { name: 'Ada' });
  expect(await rest(second, 'POST', '/auth/user', { body: credentials })).toEqual({
    status: 201,
    body: { user_id: expect.stringMatching(/^usr_/), username: 'bob.1' },
  });
  expect(await rest(first, 'POST', '/auth/user', { body: credentials })).toMatchObject({
    status: 409,
    body: { code: 'conflict' },
  });
  const login = await rest(first, 'POST', '/auth/login', { body: credentials });
  expect(login).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 300 } });
  const bearer = (login.body as { access_token: string }).access_token;
  const agents = await rest(second, 'GET', '/agents', { bearer });
  expect(agents.body).toMatchObject({
    agents: expect.arrayContaining([expect.objectContaining({ id: agent.id, name: 'Ada' })]),
  });

  const body = { agent_id: agent.id, title: 'First', client_id: 'open-1' };
  const opened = await rest(first, 'POST', '/conversations', { bearer, body });
  expect(opened).toMatchObject({
    status: 201,
    body: { title: 'First', last_seq: 1, unread_count: 0 },
  });
  const again = await rest(second, 'POST', '/conversations', { bearer, body });
  expect(again).toMatchObject({ status: 200, body: { id: (opened.body as Conversation).id } });
});

interface Sides {
  person: Transport;
  agent: Transport;
}

describe.each<Sides>([
  { person: 'socket.io', agent: 'ws' },
  { person: 'ws', agent: 'socket.io' },
])('a person on $person and an agent on $agent', (transports) => {
  let agent: Agent;
  let person: Person;
  let conversation: Conversation;

  beforeAll(async () => {
    agent = await createAgent(first, stack.adminKey);
    person = await createPerson(first);
    const opened = await rest(first, 'POST', '/conversations', {
      bearer: person.access_token,
      body: { agent_id: agent.id },
    });
    conversation = opened.body as Conversation;
  });

  const sockets: TestSocketBase[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });
  function keep(socket: TestSocketBase): TestSocketBase {
    sockets.push(socket);
    return socket;
  }
  const asPerson = (url: string, transport = transports.person) =>
    keep(openTestSocket(transport, url, '/client', { token: person.access_token, protocol: 1 }));
  /** As the person has it. */
  const mine = async () => {
    const bearer = person.access_token;
    const { body } = await rest(first, 'GET', `/conversations/${conversation.id}`, { bearer });
    return body as Conversation;
  };
  const asAgent = (url: string) =>
    keep(openTestSocket(transports.agent, url, '/agent', { api_key: agent.api_key }));

  test('they exchange messages through two gateways, acked after the commit', async () => {
    const [theAgent, thePerson] = await Promise.all([
      asAgent(first).synced(),
      asPerson(second).synced(),
    ]);
    const asked = await thePerson.send(conversation.id, 'q-1', 'How are you?');
    expect(asked).toMatchObject({
      ok: true,
      duplicate: false,
      message: {
        id: expect.stringMatching(/^msg_/),
        seq: 2,
        content: 'How are you?',
        sender: { kind: 'user', id: person.user_id },
      },
    });
    const event = await theAgent.when('event', ({ seq }) => seq === 2);
    expect(event).toMatchObject({ type: 'message.created', message: asked.message });

    const answered = await theAgent.send(conversation.id, 'a-1', 'Fine.');
    await thePerson.when('event', ({ seq }) => seq === answered.message.seq);
    // Own messages come as events too.
    expect(thePerson.events.map(({ seq }) => seq)).toEqual([1, 2, 3]);

    const repeated = await thePerson.send(conversation.id, 'q-1', 'How are you?');
    expect(repeated).toMatchObject({ duplicate: true, message: { id: asked.message.id } });
    const other = await thePerson.request('message:send', {
      conversation_id: conversation.id as `cnv_${string}`,
      client_id: 'q-1',
      content: 'Something else',
    });
    expect(other).toEqual({
      ok: false,
      error: expect.objectContaining({ code: 'conflict', message_id: asked.message.id }),
    });
  });

  test('what was missed comes in order after a reconnect, then live', async () => {
    const theAgent = await asAgent(first).synced();
    const before = await asPerson(second).synced();
    const last = before.events.at(-1)?.seq ?? 0;
    await before.request('received', {
      conversation_id: conversation.id as `cnv_${string}`,
      seq: Math.max(last, 1),
    });
    await waitFor(async () => (await mine()).delivered_seq >= last);
    before.close();
    for (let n = 1; n <= 5; n += 1)
      await theAgent.send(conversation.id, `missed-${n}`, `missed ${n}`);

    const after = await asPerson(second).synced();
    expect(after.contents).toEqual([1, 2, 3, 4, 5].map((n) => `missed ${n}`));
    expect(after.received[0]?.name).toBe('connected');
    const live = await theAgent.send(conversation.id, 'live-1', 'live');
    await after.when('event', ({ seq }) => seq === live.message.seq);
    const seqs = after.events.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => (seqs[0] ?? 0) + index));
  });

  test('history pages both ways', async () => {
    const bearer = person.access_token;
    const page = async (query: string) =>
      (await rest(second, 'GET', `/conversations/${conversation.id}/messages?${query}`, { bearer }))
        .body as MessagePage;
    const all = await page('limit=200');
    const seqs = all.messages.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));

    const backwards: number[] = [];
    for (let before: number | undefined; ; before = backwards[0]) {
      const { messages, has_more } = await page(
        `limit=3${before === undefined ? '' : `&before_seq=${before}`}`,
      );
      backwards.unshift(...messages.map(({ seq }) => seq));
      if (!has_more) break;
    }
    const forwards: number[] = [];
    for (let after = 0; ; after = forwards.at(-1) ?? 0) {
      const { messages, has_more } = await page(`limit=3&after_seq=${after}`);
      forwards.push(...messages.map(({ seq }) => seq));
      if (!has_more) break;
    }
    expect(backwards).toEqual(seqs);
    expect(forwards).toEqual(seqs);
  });

  test.each(['another gateway', 'the same gateway'])(
    'a second connection on %s and the other transport replaces the first',
    async (where) => {
      const earlier = await asPerson(first).synced();
      const later = await asPerson(
        where === 'the same gateway' ? first : second,
        transports.agent,
      ).synced();
      await earlier.when('replaced');
      await earlier.disconnected();
      expect(earlier.all('closing')).toEqual([]);
      expect(
        await later.send(conversation.id, `after-${where.replaceAll(' ', '-')}`, 'still here'),
      ).toMatchObject({ ok: true });
    },
  );

  test('positions: receipts, unread counts, typing and presence reach the other side', async () => {
    const [theAgent, thePerson] = await Promise.all([
      asAgent(first).synced(),
      asPerson(second).synced(),
    ]);
    const conversation_id = conversation.id as `cnv_${string}`;
    const sent = await theAgent.send(conversation.id, 'unread-1', 'unread');
    expect((await mine()).unread_count).toBeGreaterThan(0);

    await thePerson.when('event', ({ seq }) => seq === sent.message.seq);
    await thePerson.request('received', { conversation_id, seq: sent.message.seq });
    await theAgent.when(
      'receipt',
      ({ identity_id, delivered_seq }) =>
        identity_id === person.user_id && delivered_seq === sent.message.seq,
    );
    await thePerson.request('read', { conversation_id, seq: sent.message.seq });
    await theAgent.when('receipt', ({ read_seq }) => read_seq === sent.message.seq);
    expect(await mine()).toMatchObject({ unread_count: 0, read_seq: sent.message.seq });

    await theAgent.request('typing', { conversation_id, typing: true });
    await thePerson.when('typing', ({ identity_id, typing }) => identity_id === agent.id && typing);
    const watched = await thePerson.request('presence:watch', {
      identities: [agent.id as `agt_${string}`],
    });
    expect(watched).toMatchObject({
      ok: true,
      presence: [{ identity_id: agent.id, status: 'online' }],
    });
    theAgent.close();
    await thePerson.when(
      'presence',
      ({ identity_id, status }) => identity_id === agent.id && status === 'offline',
    );
  });

  test('list sync tells what changed since', async () => {
    const bearer = person.access_token;
    const list = async (query = '') =>
      (await rest(first, 'GET', `/conversations${query}`, { bearer })).body as {
        sync_token: string;
        conversations: Conversation[];
      };
    const { sync_token } = await list();
    expect((await list(`?since=${sync_token}`)).conversations).toEqual([]);
    await rest(second, 'POST', `/conversations/${conversation.id}/messages`, {
      bearer,
      body: { client_id: 'rest-1', content: 'by REST' },
    });
    expect((await list(`?since=${sync_token}`)).conversations).toMatchObject([
      { id: conversation.id, last_message: { content: 'by REST' } },
    ]);
  });
});
