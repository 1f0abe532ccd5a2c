import {
  metricOf,
  startRedis,
  TestSocket,
  waitFor,
  type RedisProcess,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { startPushStack, type PushStack, type Talk } from './push-setup';

const GRACE_MS = 3_000;

let queue: RedisProcess;
let push: PushStack;
beforeAll(async () => {
  queue = await startRedis();
  push = await startPushStack({
    queueRedisUrl: queue.url,
    // Who is connected has received the answer before it is over, on a busy machine too.
    env: { messages: { PUSH_GRACE_MS: String(GRACE_MS) } },
  });
}, 60_000);
afterAll(async () => {
  await push.stop();
  await queue.stop();
}, 60_000);

/** A message in each direction, acked, delivered and received. */
async function converse(talk: Talk, socket: TestSocket): Promise<number> {
  const asked = await socket.send(talk.conversation, randomUUID(), 'question');
  expect(asked.duplicate).toBe(false);
  const seq = await talk.say('answer');
  await socket.when('event', (event) => event.seq === seq);
  await socket.request('received', { conversation_id: talk.conversation, seq });
  return seq;
}

test('while the Redis of the queue is down messages are acked and delivered, and pushes come after it, each once', async () => {
  const [here, away] = [await push.talk(), await push.talk()];
  const tokens = [await away.register('apns'), await away.register('fcm')];
  await here.register('apns');
  const socket = await new TestSocket(push.url, '/client', {
    token: here.person.access_token,
  }).synced();
  await push.beforePushes(async () => here.untilReceived(await converse(here, socket)));

  await queue.kill();
  const seq = await away.say('are you there?');
  await waitFor(() => push.stack.logs('messages').includes('consumer waits'));
  let last = 0;
  for (let n = 0; n < 20; n += 1) last = await converse(here, socket);
  expect(push.standins.shown).toEqual([]);
  await here.untilReceived(last);

  await queue.start();
  const shown = await away.untilShown(2, 30_000);
  expect(shown.map(({ token }) => token).toSorted()).toEqual(tokens.toSorted());
  expect(shown.every((each) => each.seq === seq)).toBe(true);
  // Whatever was queued twice has had its turn.
  await away.say('hello?');
  await away.untilShown(4);
  for (const platform of ['apns', 'fcm'] as const) await push.untilIdle(platform);
  expect(away.shown()).toHaveLength(4);
  expect(here.shown()).toEqual([]);
  socket.close();
}, 90_000);

test('a store that starts while the Redis of the queue is down serves messages', async () => {
  const [here, away] = [await push.talk(), await push.talk()];
  await away.register('fcm');
  await queue.kill();
  await push.stack.messages.stop();
  await push.stack.messages.start();
  const socket = await new TestSocket(push.url, '/client', {
    token: here.person.access_token,
  }).synced();
  await converse(here, socket);
  const seq = await away.say('are you there?');
  const ready = await fetch(`${push.stack.messages.internalUrl}/readyz`);
  expect(await ready.json()).toMatchObject({ dependencies: { queue: { status: 'down' } } });
  expect((await push.admin('GET', '/admin/push/dead')).status).toBe(503);

  await queue.start();
  const [shown] = await away.untilShown(1, 30_000);
  expect(shown?.seq).toBe(seq);
  socket.close();
}, 90_000);

test('what was said to many meanwhile goes out in a batch, to each once', async () => {
  const talks = await Promise.all(Array.from({ length: 12 }, () => push.talk()));
  for (const talk of talks) await talk.register('apns');
  const before = await push.batches('apns');
  await queue.kill();
  const from = performance.now();
  const seqs = await Promise.all(talks.map((talk) => talk.say('hello')));
  const more = (await talks[0]?.say('and one more')) ?? 0;
  // Until the last one is due, and not only the first: what comes due one by one goes out one by one.
  const tookMs = performance.now() - from;
  await waitFor(async () => {
    const lagSeconds = await metricOf(push.stack.messages, 'messages_push_lag_seconds');
    return lagSeconds * 1_000 > GRACE_MS + tookMs;
  });
  await queue.start();
  for (const [n, talk] of talks.entries()) {
    const shown = await talk.untilShown(1, 60_000);
    expect(shown.at(-1)?.seq).toBe(n === 0 ? more : seqs[n]);
  }
  await push.untilIdle('apns');
  expect(talks.map((talk) => talk.shown().length)).toEqual(talks.map(() => 1));
  expect(await push.batches('apns')).toBe(before + 1);
  expect(push.standins.apns.complaints).toEqual([]);
}, 120_000);
