import { redisNames } from '@agent-messenger/contracts';
import { connectRedis } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { silent } from './fakes';
import { AGENT } from './harness';
import { ask, reads, useGateways } from './stream-setup';

const pair = useGateways();

// Before the agent has many conversations, with which its budgets grow.
test('appends have a budget of their own, and a refusal says where to go on', async () => {
  const small = await pair.harness.gateway({ STREAM_BYTES_PER_MINUTE: '2048' });
  const talk = pair.talk();
  const agent = await talk.agent(small);
  const of = talk.of('greedy');
  await ask(agent, 'stream:start', of);
  for (let offset = 0; offset < 4_096; offset += 512) {
    await agent.request('stream:append', { ...of, offset, text: 'x'.repeat(512) });
  }
  expect(await agent.when('stream:state')).toMatchObject({
    ...of,
    ...{ code: 'rate_limited', retry_after_ms: expect.any(Number) as number },
  });
  // Messages are not held up by it.
  await agent.send(talk.conversation_id, 'message', 'still here');
  await ask(agent, 'stream:end', { ...of, offset: 0, content: 'enough' });
});

// What others leave open counts as well.
test('an agent has 200 open; the next begins when one has ended, in whichever conversation', async () => {
  const talks = Array.from({ length: 26 }, () => pair.talk());
  const agent = await talks[0]!.agent(pair.here);
  const opened = talks
    .slice(0, 25)
    .flatMap((talk) => Array.from({ length: 8 }, () => talk.of(randomUUID())));
  for (const of of opened) await ask(agent, 'stream:start', of);
  const next = talks[25]!.of(randomUUID());
  expect(await agent.request('stream:start', next)).toMatchObject({
    ok: false,
    error: { code: 'rate_limited', retry_after_ms: expect.any(Number) as number },
  });
  // What is open can be gone on with.
  const [first] = opened;
  expect(await ask(agent, 'stream:start', first!)).toMatchObject({ offset: 0 });
  await ask(agent, 'stream:end', { ...first!, offset: 0, content: 'done' });
  await ask(agent, 'stream:start', next);
  for (const of of [...opened.slice(1), next]) {
    await ask(agent, 'stream:end', { ...of, offset: 0, content: 'done' });
  }
});

test('a stream is at most 64 KiB; beyond it the agent is told, and can still end it', async () => {
  const talk = pair.talk();
  const agent = await talk.agent(pair.here);
  const of = talk.of('large');
  await ask(agent, 'stream:start', of);
  const most = 'é'.repeat(32_768);
  // Both may go on to Redis together: what there is room for is kept.
  await Promise.all([
    ask(agent, 'stream:append', { ...of, offset: 0, text: most }),
    agent.request('stream:append', { ...of, offset: most.length, text: '.' }),
  ]);
  expect(await agent.when('stream:state')).toMatchObject({
    ...of,
    ...{ offset: most.length, code: 'payload_too_large' },
  });
  const { message } = await ask(agent, 'stream:end', { ...of, offset: most.length });
  expect(message.content).toBe(most);
});

test('eight are open in a conversation; the ninth begins when one has ended', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const ids = Array.from({ length: 8 }, (_, n) => `of-eight-${n}`);
  await Promise.all(ids.map((id) => ask(agent, 'stream:start', talk.of(id))));
  const ninth = await agent.request('stream:start', talk.of('ninth'));
  expect(ninth).toMatchObject({ error: { code: 'rate_limited' } });
  await Promise.all(
    ids.map(async (id) => {
      for (const [offset, text] of [...'parallel'].entries())
        await ask(agent, 'stream:append', { ...talk.of(id), offset, text });
    }),
  );
  await Promise.all(ids.map((id) => reads(reader, id, 'parallel')));
  await ask(agent, 'stream:end', { ...talk.of('of-eight-0'), offset: 8 });
  await ask(agent, 'stream:start', talk.of('ninth'));
});

test('one that is written for too long is kept as interrupted, and its agent can complete it', async () => {
  const strict = await pair.harness.gateway({ STREAM_MAX_AGE_MS: '4000' });
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(strict), await talk.reader(pair.there)];
  const of = talk.of('endless');
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'on and ' });
  const created = await reader.when('event', ({ type }) => type === 'message.created');
  expect(created).toMatchObject({
    message: { client_id: 'endless', state: 'interrupted', content: 'on and ' },
  });
  // It was there all the time, and hears of it.
  await agent.request('stream:append', { ...of, offset: 7, text: 'on' });
  expect(await agent.when('stream:state')).toMatchObject({ ...of, code: 'not_found' });
  const content = 'on and on, in short';
  const { message } = await ask(agent, 'stream:end', { ...of, offset: 9, content });
  expect(message).toMatchObject({ client_id: 'endless', content });
  expect(message.state).toBeUndefined();
});

test('one that its agent does not end within 10 s after a stop is kept as interrupted', async () => {
  const { redis: server, prefix, scope } = pair.harness;
  const redis = await connectRedis(server.url, { name: 'clock', log: silent, scope });
  const { streamDeadlines } = redisNames(prefix);
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of('deaf');
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'and on' });
  await ask(reader, 'stream:stop', talk.ofAgent('deaf'));
  const [seconds] = await redis.time();
  const until = Number(await redis.zscore(streamDeadlines, `${AGENT} deaf`));
  expect(until - Number(seconds) * 1_000).toBeGreaterThan(0);
  expect(until - Number(seconds) * 1_000).toBeLessThanOrEqual(11_000);
  // Asked once more, it has no longer than at first; what it writes gives it no time either.
  await ask(reader, 'stream:stop', talk.ofAgent('deaf'));
  await ask(agent, 'stream:append', { ...of, offset: 6, text: ' and on' });
  await reads(reader, 'deaf', 'and on and on');
  expect(Number(await redis.zscore(streamDeadlines, `${AGENT} deaf`))).toBe(until);
  // As if that time had come.
  await redis.zadd(streamDeadlines, 'XX', 1, `${AGENT} deaf`);
  const created = await reader.when('event', ({ type }) => type === 'message.created');
  expect(created).toMatchObject({
    message: { client_id: 'deaf', state: 'interrupted', content: 'and on and on' },
  });
});

test('one that is stopped before its first word asks nothing', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of('unasked');
  await ask(agent, 'stream:start', of);
  await ask(reader, 'stream:stop', talk.ofAgent('unasked'));
  await agent.when('stream:stop');
  const actions = [{ id: 'yes', label: 'Yes' }];
  const { message } = await ask(agent, 'stream:end', { ...of, offset: 0, actions });
  expect(message).toMatchObject({ state: 'interrupted', content: '' });
  expect(message.actions).toBeUndefined();
});

test('a stop that is told more than once is one stop', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of('told');
  await ask(agent, 'stream:start', of);
  for (let n = 0; n < 2; n += 1) await ask(reader, 'stream:stop', talk.ofAgent('told'));
  await waitFor(() => agent.all('stream:stop').length >= 2);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'enough' });
  const { message, duplicate } = await ask(agent, 'stream:end', { ...of, offset: 6 });
  expect([message.content, message.state, duplicate]).toEqual(['enough', undefined, false]);
  for (const told of agent.all('stream:stop')) expect(told).toEqual(of);
  await reader.when('event', ({ type }) => type === 'message.created');
});
