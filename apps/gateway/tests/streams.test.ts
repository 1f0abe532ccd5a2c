import { randomUUID } from 'node:crypto';
import { rest } from '@agent-messenger/testkit';
import { AGENT } from './harness';
import { ask, copiesOf, reads, type Transport, useGateways } from './stream-setup';

/** Longer than a busy machine keeps an agent from saying that it is still there. */
const pair = useGateways({ STREAM_RESUME_MS: '4000' });

const TRANSPORTS: Transport[] = ['socket.io', 'ws'];
describe.each(TRANSPORTS)('over %s', (transport) => {
  test('an answer is read on another gateway while it is written, and becomes one message', async () => {
    const talk = pair.talk();
    const [agent, reader] = [
      await talk.agent(pair.here, transport),
      await talk.reader(pair.there, transport),
    ];
    const stream_id = `whole-${transport}`;
    const of = talk.of(stream_id);
    const reply_to = 'msg_question' as const;
    expect(await ask(agent, 'stream:start', { ...of, reply_to })).toEqual({
      ...{ ok: true, offset: 0, stopped: false },
    });
    expect(await reader.when('stream')).toEqual({
      ...{ ...of, agent_id: AGENT, kind: 'start', offset: 0, text: '', reply_to },
    });
    const tokens = ['Three ', 'invoices ', 'are ', 'open 🧾', '.'];
    let offset = 0;
    for (const text of tokens) {
      await ask(agent, 'stream:append', { ...of, offset, text });
      offset += text.length;
    }
    const whole = tokens.join('');
    await reads(reader, stream_id, whole);
    expect(pair.harness.store.streams.has(`${AGENT} ${stream_id}`)).toBe(false);

    const { message, duplicate } = await ask(agent, 'stream:end', { ...of, offset });
    expect(duplicate).toBe(false);
    expect(message).toMatchObject({ client_id: stream_id, content: whole, reply_to });
    const end = await reader.when('stream', ({ kind }) => kind === 'end');
    expect(end).toMatchObject({ offset, text: '', message_id: message.id });
    await reader.when('event', (event) => 'message' in event && event.message?.id === message.id);
    const commits = pair.harness.store.operations.filter(
      (operation) => operation.op === 'finish' && operation.stream_id === stream_id,
    );
    expect(commits).toHaveLength(1);
    // The ack was lost: the same is answered again.
    expect(await ask(agent, 'stream:end', { ...of, offset })).toMatchObject({
      ...{ message: { id: message.id }, duplicate: true },
    });
    expect(await reader.request('stream:get', talk.ofAgent(stream_id))).toMatchObject({
      error: { code: 'not_found' },
    });
  });

  test('who comes late or again gets the text so far, and goes on from there', async () => {
    const talk = pair.talk();
    const s = randomUUID();
    const agent = await talk.agent(pair.here, transport);
    const of = talk.of(s);
    await ask(agent, 'stream:start', of);
    await ask(agent, 'stream:append', { ...of, offset: 0, text: 'already ' });
    // Answered when what was appended is where readers find it.
    expect(await ask(agent, 'stream:start', of)).toMatchObject({ offset: 8 });
    const late = await talk.reader(pair.there, transport);
    await reads(late, s, 'already ');
    expect(copiesOf(late).kinds).toEqual(['start']);
    expect(await ask(late, 'stream:get', talk.ofAgent(s))).toEqual({
      ...{ ok: true, offset: 8, text: 'already ' },
    });
    late.close();
    await ask(agent, 'stream:append', { ...of, offset: 8, text: 'written ' });
    expect(await ask(agent, 'stream:start', of)).toMatchObject({ offset: 16 });
    const again = await talk.reader(pair.here, transport);
    await reads(again, s, 'already written ');
    await ask(agent, 'stream:append', { ...of, offset: 16, text: 'text' });
    await reads(again, s, 'already written text');
    expect(copiesOf(again).kinds).toEqual(['start', 'append']);
    await ask(agent, 'stream:end', { ...of, offset: 20 });
  });

  test('a person stops it from another gateway, and once more by REST', async () => {
    const talk = pair.talk();
    const [agent, reader] = [
      await talk.agent(pair.here, transport),
      await talk.reader(pair.there, transport),
    ];
    const stream_id = `stopped-${transport}`;
    const of = talk.of(stream_id);
    await ask(agent, 'stream:start', of);
    await ask(agent, 'stream:append', { ...of, offset: 0, text: 'A long ' });
    await reads(reader, stream_id, 'A long ');
    expect(await ask(reader, 'stream:stop', talk.ofAgent(stream_id))).toEqual({ ok: true });
    expect(await agent.when('stream:stop')).toEqual(of);
    const path = `/conversations/${talk.conversation_id}/streams/${stream_id}/stop`;
    const bearer = pair.harness.token(talk.person);
    const answer = await rest(pair.there.url, 'POST', path, { body: { agent_id: AGENT }, bearer });
    expect(answer.status).toBe(200);
    // An agent that comes back learns it from its start.
    const back = await talk.agent(pair.there, transport);
    expect(await ask(back, 'stream:start', of)).toMatchObject({ offset: 7, stopped: true });
    const { message } = await ask(back, 'stream:end', { ...of, offset: 7 });
    expect(message).toMatchObject({ content: 'A long ' });
    expect(message.state).toBeUndefined();
  });
});

test('an agent that does not come back leaves what there is, and completes it when it does', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of('cut');
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'half an ans' });
  await reads(reader, 'cut', 'half an ans');
  agent.close();
  const end = await reader.when('stream', ({ kind }) => kind === 'end');
  const created = await reader.when('event', ({ type }) => type === 'message.created');
  expect(created).toMatchObject({
    message: { id: end.message_id, content: 'half an ans', state: 'interrupted' },
  });

  const back = await talk.agent(pair.there);
  expect(await ask(back, 'stream:start', of)).toMatchObject({
    ...{ offset: 0, stopped: false, message: { id: end.message_id, state: 'interrupted' } },
  });
  await ask(back, 'stream:end', { ...of, offset: 14, content: 'half an answer' });
  const edited = await reader.when('event', ({ type }) => type === 'message.edited');
  expect(edited).toMatchObject({ message: { id: end.message_id, content: 'half an answer' } });
  expect('message' in edited && edited.message).not.toHaveProperty('state');
});

test('an agent that is there but has nothing to say keeps its stream', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const quiet = talk.of('quiet');
  await ask(agent, 'stream:start', quiet);
  await ask(agent, 'stream:append', { ...quiet, offset: 0, text: 'hm' });
  // One that is left at the same time is interrupted after its time.
  const left = `cnv_${randomUUID()}` as const;
  pair.harness.store.addConversation(left, [talk.person, 'agt_2']);
  const leaving = pair.harness.socket(pair.here, '/agent', { token: pair.harness.token('agt_2') });
  await ask(await leaving.synced(), 'stream:start', { conversation_id: left, stream_id: 'left' });
  leaving.close();
  await reader.when('stream', ({ kind, stream_id }) => kind === 'end' && stream_id === 'left');
  expect(await ask(reader, 'stream:get', talk.ofAgent('quiet'))).toMatchObject({ text: 'hm' });
  expect((await ask(agent, 'stream:end', { ...quiet, offset: 2 })).message.content).toBe('hm');
});

test('a failure keeps what there was, and says why', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of('failed');
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'half' });
  const { message } = await ask(agent, 'stream:fail', { ...of, error: 'Out of credit.' });
  expect(message).toMatchObject({ content: 'half', state: 'failed', error: 'Out of credit.' });
  const end = await reader.when('stream', ({ kind }) => kind === 'end');
  expect(end.message_id).toBe(message.id);
});
