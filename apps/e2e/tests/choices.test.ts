import type { Event, Message } from '@agent-messenger/contracts';
import { connectAgent, connectClient, type Agent, type Client } from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  openTestSocket,
  rest,
  waitFor,
  type ServiceProcess,
  type TestSocketBase,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import {
  gatewaysOf,
  startReliability,
  type Member,
  type Pair,
  type Reliability,
} from './reliability/setup';

const ACTIONS = [
  { id: 'approve', label: 'Delete them', style: 'danger' as const },
  { id: 'deny', label: 'Keep them' },
];
const backoff = { minMs: 50, maxMs: 500 };

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  system = await startReliability();
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);
const open: (Client | Agent)[] = [];
const sockets: TestSocketBase[] = [];
afterEach(async () => {
  system.closeSockets();
  sockets.splice(0).forEach((socket) => socket.close());
  await Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 })));
});

type Question = { id: `msg_${string}`; client_id: string };

/** The agent asks, past the gateways. */
async function ask(
  { agent, conversation }: Pair,
  more: { client_id?: string; content?: string; actions_expire_at?: string } = {},
): Promise<Question> {
  const client_id = randomUUID();
  const question = { client_id, content: 'Delete 3 files?', actions: ACTIONS, ...more };
  const { results } = await system.store.append({
    operations: [
      {
        op: 'send',
        identity_id: agent.id,
        epoch: null,
        conversation_id: conversation,
        ...question,
      },
    ],
  });
  const [sent] = results;
  if (!sent?.ok || !('sent' in sent)) throw new Error(`not asked: ${JSON.stringify(sent)}`);
  return { id: sent.sent.message.id as Question['id'], client_id: question.client_id };
}

const chooseByRest = (
  { url }: ServiceProcess,
  { person, conversation }: Pair,
  { id }: Question,
  action_id: string,
) =>
  rest(url, 'POST', `/conversations/${conversation}/messages/${id}/choice`, {
    bearer: person.token,
    body: { action_id },
  });

function chosenIn(events: readonly Event[]): Message[] {
  return events.flatMap((event) => (event.type === 'action.chosen' ? [event.message] : []));
}

test('two devices that choose otherwise at two gateways: one choice each time, the same for everybody', async () => {
  const pair = await system.pair();
  const agent = await system.socket(second, pair.agent).synced();
  const device = await system.socket(first, pair.person).synced();
  const questions = await Promise.all(Array.from({ length: 25 }, () => ask(pair)));
  const outcomes = await Promise.all(
    questions.map(async (question) => {
      const [here, there, socket] = await Promise.all([
        chooseByRest(first, pair, question, 'approve'),
        chooseByRest(second, pair, question, 'deny'),
        device.request('action:choose', {
          conversation_id: pair.conversation,
          message_id: question.id,
          action_id: 'deny',
        }),
      ]);
      const answers = [
        { action: 'approve', ok: here.status === 200, body: here.body },
        { action: 'deny', ok: there.status === 200, body: there.body },
        { action: 'deny', ok: socket.ok, body: socket },
      ] as { action: string; ok: boolean; body: { duplicate?: boolean; code?: string } }[];
      const made = answers.filter(({ ok, body }) => ok && body.duplicate === false);
      expect(made).toHaveLength(1);
      const winner = made[0]?.action;
      // Who chose the same is told so, who chose otherwise that it was too late.
      for (const { action, ok } of answers) expect(ok).toBe(action === winner);
      return winner;
    }),
  );
  await waitFor(() => chosenIn(agent.events).length === questions.length);
  await waitFor(() => chosenIn(device.events).length === questions.length);
  for (const events of [agent.events, device.events]) {
    const choices = new Map(chosenIn(events).map(({ id, choice }) => [id, choice]));
    expect(questions.map(({ id }) => choices.get(id))).toEqual(
      outcomes.map((action_id) => ({
        action_id,
        by: { kind: 'user', id: pair.person.id },
        at: expect.any(String) as string,
      })),
    );
  }
});

/** A person on the SDK with both gateways, and an agent of whom every event is kept. */
async function talk(urls: [string, string]) {
  const [identity, { username, password }] = await Promise.all([
    createAgent(first.url, system.stack.adminKey),
    createPerson(first.url),
  ]);
  const connect = async () => {
    const agent = await connectAgent({ url: urls, apiKey: identity.api_key, backoff });
    open.push(agent);
    const events: Event[] = [];
    agent.on('event', (event) => events.push(event));
    agent.onMessage(() => undefined);
    return { agent, events };
  };
  const client = await connectClient({ url: [...urls].reverse(), username, password, backoff });
  open.push(client);
  const conversation = await client.openConversation({ agent_id: identity.id });
  return { connect, client, conversation };
}

test('a gateway that dies while it is chosen: over reconnects every choice is made once', async () => {
  const { connect, client, conversation } = await talk([first.url, second.url]);
  const { agent, events } = await connect();
  const asking = agent.conversation(conversation.id);
  const questions = await Promise.all(
    Array.from({ length: 20 }, (_, n) => asking.send(`Question ${n}?`, { actions: ACTIONS })),
  );
  const chosen: Promise<unknown>[] = [];
  const choose = (from: number, to: number) => {
    for (const { message } of questions.slice(from, to)) {
      chosen.push(conversation.choose(message.id, 'approve'));
    }
  };
  choose(0, 10);
  await chosen[2];
  await second.kill('SIGKILL');
  choose(10, 20);
  await Promise.all(chosen);
  await waitFor(() => chosenIn(events).length >= questions.length);
  expect(chosenIn(events).map(({ id }) => id)).toEqual(questions.map(({ message }) => message.id));
  const { messages } = await conversation.history();
  expect(messages.map(({ choice }) => choice?.action_id)).toEqual(questions.map(() => 'approve'));
  expect(messages.map(({ choice }) => choice?.by.id)).toEqual(
    questions.map(() => client.identity.id),
  );
  await second.start();
}, 60_000);

test('an agent that was restarted finds the choice that was made without it', async () => {
  const { connect, conversation } = await talk([first.url, second.url]);
  const before = await connect();
  const question = { client_id: 'deploy-7', actions: ACTIONS };
  const asked = await before.agent
    .conversation(conversation.id)
    .send('Delete 3 files?', { ...question, actions_expire_at: '2099-01-01T00:00:00Z' });
  await before.agent.close({ deadlineMs: 0 });
  const { event } = await conversation.choose(asked.message.id, 'deny');

  const after = await connect();
  await waitFor(() => after.events.find(({ seq }) => seq === event.seq));
  expect(chosenIn(after.events)).toMatchObject([{ choice: { action_id: 'deny' } }]);
  const again = await after.agent
    .conversation(conversation.id)
    .send('Delete 3 files?', { ...question, actions_expire_at: '2099-06-01T00:00:00Z' });
  expect(again).toMatchObject({
    duplicate: true,
    message: {
      id: asked.message.id,
      actions_expire_at: '2099-01-01T00:00:00.000Z',
      choice: { action_id: 'deny' },
    },
  });
});

test.each(['ws', 'socket.io'] as const)(
  'over %s people choose, and nobody else',
  async (transport) => {
    const pair = await system.pair();
    const connect = async ({ token }: Member, namespace: '/agent' | '/client') => {
      const socket = openTestSocket(transport, first.url, namespace, { token });
      sockets.push(socket);
      return socket.synced();
    };
    const person = await connect(pair.person, '/client');
    const agent = await connect(pair.agent, '/agent');
    const stranger = await connect(await system.person(), '/client');
    const content = 'x'.repeat(60_000);
    const { id: message_id } = await ask(pair, { content });
    const choice = { conversation_id: pair.conversation, message_id, action_id: 'approve' };
    const refusals = await Promise.all([
      agent.request('action:choose', choice),
      stranger.request('action:choose', choice),
      person.request('action:choose', { ...choice, action_id: 'perhaps' }),
      person.raw('action:choose', { ...choice, action_id: 'not an id' }),
    ]);
    expect(refusals).toMatchObject(
      ['forbidden', 'not_found', 'invalid_payload', 'invalid_payload'].map((code) => ({
        ok: false,
        error: { code },
      })),
    );
    for (const duplicate of [false, true]) {
      // Whole, although the store answers briefly.
      const answer = await person.request('action:choose', choice);
      expect(answer).toMatchObject({
        ok: true,
        duplicate,
        event: { type: 'action.chosen', message: { content, choice: { action_id: 'approve' } } },
      });
    }
    await agent.when('event', ({ type }) => type === 'action.chosen');
    expect(chosenIn(agent.events)).toMatchObject([{ id: message_id, content }]);
    const edit = { conversation_id: pair.conversation, message_id, content: 'other' };
    expect(await agent.request('message:edit', edit)).toMatchObject({
      error: { code: 'conflict' },
    });
    const asked = await person.request('message:send', {
      conversation_id: pair.conversation,
      client_id: randomUUID(),
      content: 'May I?',
      actions: ACTIONS,
    });
    expect(asked).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  },
);

test('it is too late after the expiry, at each gateway', async () => {
  const pair = await system.pair();
  const question = await ask(pair, { actions_expire_at: new Date(Date.now() - 1).toISOString() });
  for (const gateway of [first, second]) {
    expect(await chooseByRest(gateway, pair, question, 'approve')).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
  }
  const nobody = { ...pair, person: pair.agent };
  expect(await chooseByRest(first, nobody, question, 'approve')).toMatchObject({
    status: 403,
    body: { code: 'forbidden' },
  });
});
