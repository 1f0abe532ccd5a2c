import type { Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  rest,
  startOtlpReceiver,
  TestSocket,
  waitFor,
  type OtlpReceiver,
  type ReceivedSpan,
  type ServiceName,
} from '@agent-messenger/testkit';
import { startPushStack, type PushStack } from './push-setup';

let receiver: OtlpReceiver;
let push: PushStack;
let second: string;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '20' };
  const services: ServiceName[] = ['auth', 'messages', 'push-worker', 'gateway'];
  push = await startPushStack({
    env: {
      ...Object.fromEntries(services.map((service) => [service, env])),
      gateway: { ...env, STREAM_RESUME_MS: '1000' },
    },
  });
  second = push.stack.gateways[1]?.url ?? '';
}, 60_000);
afterAll(async () => {
  await push.stop();
  await receiver.stop();
}, 60_000);

/** What the collector has of the trace that began with this span, once it is complete. */
async function traceOf(root: (span: ReceivedSpan) => boolean, names: string[]) {
  const trace = () => {
    const first = receiver.spans.find((span) => span.parentSpanId === undefined && root(span));
    return receiver.spans.filter(({ traceId }) => traceId === first?.traceId);
  };
  await waitFor(() => trace().length >= names.length, {
    describe: `the spans ${names.join(', ')}`,
  });
  const spans = trace();
  expect(spans.map(({ service, name }) => `${service} ${name}`).sort()).toEqual(names.toSorted());
  const named = (name: string) => spans.filter((span) => span.name === name);
  return {
    spans,
    named,
    /** Checks that every span of a name is a child of one with one of the other names. */
    expectChild(name: string, ...parentNames: string[]) {
      const parents = parentNames.flatMap(named).map(({ spanId }) => spanId);
      for (const { parentSpanId } of named(name)) expect(parents).toContain(parentSpanId);
    },
  };
}

const connectionOf = (socket: TestSocket) =>
  (socket.all('connected')[0] as { connection_id: string }).connection_id;

test('a message is one trace, from the send through commit and relay to the sockets on both gateways', async () => {
  const person = await createPerson(push.url);
  const agent = await createAgent(push.url, push.stack.adminKey);
  const [sender, reader] = await Promise.all([
    new TestSocket(push.url, '/client', { token: person.access_token }).synced(),
    new TestSocket(second, '/agent', { api_key: agent.api_key }).synced(),
  ]);
  const opened = await rest(push.url, 'POST', '/conversations', {
    bearer: person.access_token,
    body: { agent_id: agent.id },
  });
  const { id } = opened.body as Conversation;
  // The gateways have their place in its log: what follows is delivered as the relay tells it.
  for (const socket of [sender, reader]) await waitFor(() => socket.events.length === 1);
  const sent = await sender.send(id, 'a-client-id', 'a very private text');
  for (const socket of [sender, reader]) await waitFor(() => socket.events.length === 2);

  const { named, expectChild } = await traceOf(
    ({ name, attributes }) =>
      name === 'message:send' && attributes['messenger.connection_id'] === connectionOf(sender),
    [
      'gateway message:send',
      'messages commit',
      'messages relay',
      'gateway deliver',
      'gateway deliver',
    ],
  );
  expectChild('commit', 'message:send');
  expectChild('relay', 'commit');
  // The sender has it with the answer.
  expectChild('deliver', 'relay', 'commit', 'message:send');
  expect(
    named('deliver')
      .map(({ attributes }) => attributes['messenger.connection_id'])
      .sort(),
  ).toEqual([connectionOf(sender), connectionOf(reader)].sort());
  expect(named('commit')[0]?.attributes).toMatchObject({
    'messenger.conversation_id': id,
    'messenger.seq': sent.message.seq,
  });
  const [send, commit] = [named('message:send')[0], named('commit')[0]];
  // Each span begins at a whole millisecond and ends that much too early: which that is, is another one for each.
  const committedFor = BigInt(send?.endTimeUnixNano ?? 0) - BigInt(commit?.endTimeUnixNano ?? 0);
  expect(committedFor).toBeGreaterThan(-1_000_000n);
  sender.close();
  reader.close();
});

test('an answer that is cut off is one trace, from its deadline to the sockets', async () => {
  const person = await createPerson(push.url);
  const agent = await createAgent(push.url, push.stack.adminKey);
  const [writer, reader] = await Promise.all([
    new TestSocket(push.url, '/agent', { api_key: agent.api_key }).synced(),
    new TestSocket(second, '/client', { token: person.access_token }).synced(),
  ]);
  const opened = await rest(push.url, 'POST', '/conversations', {
    bearer: person.access_token,
    body: { agent_id: agent.id },
  });
  const { id } = opened.body as Conversation;
  const conversation_id = id as `cnv_${string}`;
  await reader.when('event', ({ type }) => type === 'conversation.created');
  await writer.request('stream:start', { conversation_id, stream_id: 'a-stream-id' });
  writer.close();
  await reader.when('event', ({ type }) => type === 'message.created');
  const { named, expectChild } = await traceOf(
    ({ name, attributes }) =>
      name === 'interrupt' && attributes['messenger.conversation_id'] === id,
    ['gateway interrupt', 'messages commit', 'messages relay', 'gateway deliver'],
  );
  expectChild('commit', 'interrupt');
  expectChild('relay', 'commit');
  expect(named('interrupt')[0]?.attributes).toEqual({
    'messenger.conversation_id': id,
    'messenger.identity_id': agent.id,
  });
  reader.close();
});

test('a push is part of the trace of the message that it tells of', async () => {
  const talk = await push.talk();
  await talk.register('webpush');
  const answer = await rest(second, 'POST', `/conversations/${talk.conversation}/messages`, {
    headers: { authorization: `Bearer ${talk.agent.api_key}` },
    body: { client_id: 'from-rest', content: 'a very private text' },
  });
  expect(answer.status).toBe(201);
  await talk.untilShown(1);
  const { named, expectChild } = await traceOf(
    ({ name, spanId }) =>
      name === 'POST /conversations/:conversation_id/messages' &&
      receiver.spans.some((span) => span.name === 'commit' && span.parentSpanId === spanId),
    [
      'gateway POST /conversations/:conversation_id/messages',
      'messages commit',
      'messages relay',
      'messages push queue',
      'push-worker push',
      // The agent's own connection.
      'gateway deliver',
    ],
  );
  expectChild('push queue', 'commit');
  expectChild('push', 'push queue');
  expect(named('push')[0]?.attributes).toMatchObject({ 'messenger.platform': 'webpush' });
});

test('calls of one service to the next continue the trace; what peers say about theirs is not believed', async () => {
  const { person } = await push.talk();
  const body = { username: person.username, password: person.password };
  const theirs = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${theirs}-b7ad6b7169203331-01`;
  const login = await rest(push.url, 'POST', '/auth/login', { body, headers: { traceparent } });
  expect(login.status).toBe(200);
  const { expectChild } = await traceOf(
    ({ name, spanId }) =>
      name === 'POST /auth/login' &&
      receiver.spans.some((span) => span.parentSpanId === spanId) &&
      receiver.spans.findLast((span) => span.name === name)?.spanId === spanId,
    [
      'gateway POST /auth/login',
      'auth POST /internal/login',
      'messages POST /internal/findUser',
      'messages POST /internal/createSession',
    ],
  );
  expectChild('POST /internal/login', 'POST /auth/login');
  expectChild('POST /internal/createSession', 'POST /internal/login');
  expect(receiver.spans.map(({ traceId }) => traceId)).not.toContain(theirs);
});

test('no text, no credentials and nothing that clients made up leaves with the spans', () => {
  const told = receiver.bodies.join('\n');
  expect(told).toContain('messenger.conversation_id');
  for (const secret of [
    'private',
    'a-client-id',
    'from-rest',
    'a-stream-id',
    'amk_',
    'eyJ',
    push.stack.adminKey,
  ]) {
    expect(told).not.toContain(secret);
  }
});
