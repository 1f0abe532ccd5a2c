import type { StreamPiece } from '@agent-messenger/contracts';
import { rest, StreamCopies, waitFor } from '@agent-messenger/testkit';
import { AGENT } from './harness';
import { RawSocket } from './raw-socket';
import { ask, copiesOf, reads, type Transport, useGateways } from './stream-setup';

const pair = useGateways();

// Redis has been away in the test before, and gateways come back to it one by one.
beforeEach(async () => {
  for (const { url } of [pair.here, pair.there]) {
    const health = async () => (await (await fetch(`${url}/health`)).json()) as { status: string };
    await waitFor(async () => (await health()).status === 'ok');
  }
});

test.each<Transport>(['socket.io', 'ws'])(
  'Redis comes back empty: the agent is told, writes its text again, and readers begin anew: %s',
  async (transport) => {
    const talk = pair.talk();
    const [agent, reader] = [
      await talk.agent(pair.here, transport),
      await talk.reader(pair.there, transport),
    ];
    const id = `lost-${transport}`;
    const of = talk.of(id);
    await ask(agent, 'stream:start', of);
    await ask(agent, 'stream:append', { ...of, offset: 0, text: 'before ' });
    await reads(reader, id, 'before ');
    await pair.harness.redis.kill();
    await pair.harness.redis.start({ empty: true });
    // What is sent before it is there again is refused with where to go on.
    await waitFor(async () => {
      await agent.request('stream:append', { ...of, offset: 7, text: 'after' });
      return agent.all('stream:state').some(({ code }) => code === 'not_found');
    });
    const whole = 'before after';
    expect(await ask(agent, 'stream:start', of)).toMatchObject({ offset: 0 });
    await ask(agent, 'stream:append', { ...of, offset: 0, text: whole });
    // What is told before the readers' gateway hears again has them catch up then.
    await reads(reader, id, whole);
    const { message } = await ask(agent, 'stream:end', { ...of, offset: whole.length });
    expect(message.content).toBe(whole);
    expect(copiesOf(reader).problems).toEqual([]);
  },
);

test('a failure whose text Redis has lost is told all the same', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of('lost-and-failed');
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'half' });
  await reads(reader, of.stream_id, 'half');
  await pair.harness.redis.kill();
  const fail = () => agent.request('stream:fail', { ...of, error: 'Out of credit.' });
  expect(await fail()).toMatchObject({ error: { code: 'unavailable' } });
  await pair.harness.redis.start({ empty: true });
  await waitFor(async () => (await fail()).ok);
  const { message, duplicate } = await ask(agent, 'stream:fail', { ...of, error: 'Again.' });
  expect(message).toMatchObject({ content: '', state: 'failed', error: 'Out of credit.' });
  expect(duplicate).toBe(true);
});

test('while Redis is away an answer that comes whole is taken', async () => {
  const talk = pair.talk();
  const agent = await talk.agent(pair.here);
  const of = talk.of('without-redis');
  await ask(agent, 'stream:start', of);
  await pair.harness.redis.kill();
  try {
    expect(await agent.request('stream:end', { ...of, offset: 4 })).toMatchObject({
      error: { code: 'unavailable' },
    });
    const { message } = await ask(agent, 'stream:end', { ...of, offset: 4, content: 'text' });
    expect(message.content).toBe('text');
  } finally {
    await pair.harness.redis.start({ empty: true });
  }
});

test('a gateway that drains hands over what was written; agent and reader go on elsewhere', async () => {
  const leaving = await pair.harness.gateway();
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(leaving), await talk.reader(leaving)];
  const of = talk.of('moved');
  await ask(agent, 'stream:start', of);
  for (const [offset, text] of [...'drained'].entries()) {
    await ask(agent, 'stream:append', { ...of, offset, text });
  }
  await leaving.close();
  await Promise.all([agent.disconnected(), reader.disconnected()]);
  const [again, reading] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  expect(await ask(again, 'stream:start', of)).toMatchObject({ offset: 7 });
  await ask(again, 'stream:append', { ...of, offset: 7, text: ' and done' });
  await reads(reading, 'moved', 'drained and done');
  expect(copiesOf(reading).kinds[0]).toBe('start');
  await ask(again, 'stream:end', { ...of, offset: 16 });
});

test('a credential that ends ends its streams at once, and keeps what people saw', async () => {
  const conversation_id = 'cnv_revoked' as const;
  pair.harness.store.addConversation(conversation_id, ['usr_revoked', 'agt_9']);
  const token = pair.harness.token('agt_9', { credentialId: 'ses_9' });
  const agent = await pair.harness.socket(pair.here, '/agent', { token }).synced();
  const reader = await pair.harness.person(pair.there, 'usr_revoked');
  const of = { conversation_id, stream_id: 'revoked' };
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'half' });
  await reads(reader, 'revoked', 'half');
  await rest(pair.here.url, 'POST', '/auth/logout', { body: { refresh_token: 'agt_9 ses_9' } });
  await agent.disconnected();
  // Long before its agent would be given up.
  const end = await reader.when('stream', ({ kind }) => kind === 'end');
  const message = pair.harness.store.streams.get('agt_9 revoked');
  expect(message).toMatchObject({ id: end.message_id, content: 'half', state: 'interrupted' });
});

test('who reads slowly gets fewer and larger pieces, and the gateway keeps none of them', async () => {
  const talk = pair.talk();
  const agent = await talk.agent(pair.there);
  const deaf = await RawSocket.person(pair.here, pair.harness.token(talk.person));
  const pieces = () =>
    deaf.frames.flatMap((frame) =>
      frame.startsWith('42/client,["stream",')
        ? [(JSON.parse(frame.slice('42/client,'.length)) as [string, StreamPiece])[1]]
        : [],
    );
  const of = talk.of('slow');
  await ask(agent, 'stream:start', of);
  await waitFor(() => pieces().length > 0);
  // More than kernel and gateway take for somebody who does not read.
  const log = pair.harness.store.conversations.get(talk.conversation_id);
  const socket = deaf.stopReading();
  for (let n = 0; n < 200; n += 1) {
    await agent.send(talk.conversation_id, `filling-${n}`, 'x'.repeat(60_000));
  }
  expect(log?.log.length).toBe(200);
  let text = '';
  const appends = 40;
  for (let n = 0; n < appends; n += 1) {
    const piece = `${n} `;
    await ask(agent, 'stream:append', { ...of, offset: text.length, text: piece });
    text += piece;
    const answer = await ask(agent, 'stream:start', of);
    expect(answer.offset).toBe(text.length);
  }
  socket.resume();
  await waitFor(() => StreamCopies.of(pieces()).text('slow') === text, { timeoutMs: 30_000 });
  const copies = StreamCopies.of(pieces());
  expect(copies.problems).toEqual([]);
  expect(copies.kinds.length).toBeLessThan(appends / 2);
  await ask(agent, 'stream:end', { ...of, offset: text.length });
  expect(pair.harness.store.streams.get(`${AGENT} slow`)).toMatchObject({ content: text });
}, 60_000);
