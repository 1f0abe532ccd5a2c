import {
  metricOf,
  startFaultProxy,
  TestSocketPlain,
  waitFor,
  type FaultProxy,
  type ServiceProcess,
} from '@agent-messenger/testkit';
import { gatewaysOf, seqsTo, startReliability, type Reliability } from './setup';

let system: Reliability;
let proxy: FaultProxy;
let direct: ServiceProcess;
/** Its way to Redis can fail. */
let behindProxy: ServiceProcess;

beforeAll(async () => {
  system = await startReliability();
  [direct] = gatewaysOf(system);
  proxy = await startFaultProxy({ target: Number(new URL(system.stack.redisUrl).port) });
  const url = new URL(system.stack.redisUrl);
  url.port = `${proxy.port}`;
  behindProxy = await system.stack.addGateway({ env: { REDIS_URL: url.href } });
}, 60_000);
afterAll(async () => {
  proxy.heal();
  await system.stop();
  await proxy.close();
}, 60_000);
afterEach(() => system.closeSockets());

const remove = (conversation: string, bearer: string) =>
  fetch(new URL(`/conversations/${conversation}`, direct.url), {
    method: 'DELETE',
    headers: { authorization: `Bearer ${bearer}` },
  });

test('subscriptions that are killed again and again cost no event', async () => {
  const pair = await system.pair();
  const [person, agent] = await Promise.all([
    system.socket(direct, pair.person).synced(),
    system.socket(behindProxy, pair.agent).synced(),
  ]);
  let sent = 0;
  for (let kill = 0; kill < 10; kill += 1) {
    const burst = Array.from({ length: 20 }, () => {
      sent += 1;
      return person.send(pair.conversation, `m${sent}`, `m${sent}`);
    });
    // In the middle of the burst: some are published to nobody.
    await burst[5];
    await system.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await Promise.all(burst);
  }
  const last = sent + 1;
  await Promise.all([person, agent].map((each) => each.when('event', ({ seq }) => seq === last)));
  for (const each of [person, agent]) {
    expect(each.events.map(({ seq }) => seq)).toEqual(seqsTo(last));
    expect(each.socket.connected).toBe(true);
  }
});

test('a half-open subscription is noticed, and what was missed arrives', async () => {
  const [pair, deleted] = await Promise.all([system.pair(), system.pair()]);
  const agents = await Promise.all([
    system.socket(behindProxy, pair.agent).synced(),
    system.socket(behindProxy, deleted.agent).synced(),
  ]);
  const person = await system.socket(direct, pair.person).synced();
  const deleter = await system.socket(direct, deleted.person).synced();
  await Promise.all(agents.map((agent) => agent.when('event')));

  proxy.halfOpen();
  for (let n = 1; n <= 20; n += 1) {
    await person.send(pair.conversation, `m${n}`, `m${n}`);
    await deleter.send(deleted.conversation, `d${n}`, `d${n}`);
  }
  expect((await remove(deleted.conversation, deleted.person.token)).status).toBe(204);
  await waitFor(() => system.stack.logs('gateway-3').includes('does not hear itself'), {
    timeoutMs: 30_000,
    describe: 'the missing echo',
  });
  expect(agents.flatMap(({ events }) => events)).toHaveLength(2);
  proxy.heal();

  await agents[0].when('event', ({ seq }) => seq === 21);
  expect(agents[0].events.map(({ seq }) => seq)).toEqual(seqsTo(21));
  // Of a deleted conversation only its end is left to be told.
  await agents[1].when('event', ({ type }) => type === 'conversation.deleted');
  expect(agents[1].events.map(({ seq, type }) => [seq, type])).toEqual([
    [1, 'conversation.created'],
    [22, 'conversation.deleted'],
  ]);
  expect(agents.map(({ socket }) => socket.connected)).toEqual([true, true]);
});

test('a conversation that is deleted while a reader is behind ends for it with its last event', async () => {
  const pair = await system.pair();
  const other = await system.open(pair.person, pair.agent);
  const person = await system.socket(direct, pair.person).synced();
  const reader = await new TestSocketPlain(behindProxy.url, '/agent', {
    token: pair.agent.token,
  }).synced();
  try {
    reader.socket.pause();
    const before = await metricOf(behindProxy, 'gateway_events_written_total');
    const content = 'x'.repeat(60_000);
    // More than the kernel and the gateway take for it.
    for (let n = 0; n < 20; n += 1) {
      await Promise.all(
        Array.from({ length: 20 }, (_, m) => person.send(pair.conversation, `m${n}.${m}`, content)),
      );
    }
    expect((await remove(pair.conversation, pair.person.token)).status).toBe(204);
    const { message } = await person.send(other, 'next', 'next');
    expect((await metricOf(behindProxy, 'gateway_events_written_total')) - before).toBeLessThan(
      400,
    );
    reader.socket.resume();
    const last = await reader.when('event', ({ type }) => type === 'conversation.deleted');
    const seqs = reader.events
      .filter(({ conversation_id }) => conversation_id === pair.conversation)
      .map(({ seq }) => seq);
    // What had been handed over before, then the end.
    expect(last.seq).toBe(402);
    expect(seqs).toEqual([...seqsTo(seqs.length - 1), 402]);
    expect(seqs.length).toBeLessThan(400);
    await reader.when('event', (event) => event.conversation_id === other && event.seq === 2);
    expect(message.seq).toBe(2);
  } finally {
    reader.close();
  }
});
