import { waitFor } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { AGENT } from './harness';
import { ask, copiesOf, reads, useGateways } from './stream-setup';

/** Who sees streams, and what becomes of them when who writes or reads is no member any more. */
const pair = useGateways();

test('an outsider can neither look at a stream, nor stop it, nor write one', async () => {
  const talk = pair.talk();
  const s = randomUUID();
  const other = pair.talk();
  const [agent, outsider] = [await talk.agent(pair.here), await other.reader(pair.there)];
  const reader = await talk.reader(pair.there);
  await ask(agent, 'stream:start', talk.of(s));
  for (const name of ['stream:get', 'stream:stop'] as const) {
    const about = await outsider.request(name, talk.ofAgent(s));
    expect(about).toMatchObject({ error: { code: 'not_found' } });
  }
  pair.harness.store.addConversation('cnv_without', [talk.person]);
  expect(
    await agent.request('stream:start', { conversation_id: 'cnv_without', stream_id: 'x' }),
  ).toMatchObject({ error: { code: 'not_found' } });
  await ask(agent, 'stream:append', { ...talk.of(s), offset: 0, text: 'x' });
  await reads(reader, s, 'x');
  // What it was sent before this answer has arrived.
  await outsider.raw('nope');
  expect(outsider.all('stream')).toEqual([]);
  expect(agent.all('stream:stop')).toEqual([]);
});

test('a deleted conversation ends its streams', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  await ask(agent, 'stream:start', talk.of('deleted'));
  await ask(agent, 'stream:append', { ...talk.of('deleted'), offset: 0, text: 'half' });
  await reads(reader, 'deleted', 'half');
  await pair.harness.store.endConversation(talk.conversation_id);
  const end = await reader.when('stream', ({ kind }) => kind === 'end');
  expect(end).not.toHaveProperty('message_id');
  expect(await agent.when('stream:state')).toMatchObject({ code: 'not_found', offset: 0 });
});

test('an agent that was removed ends its streams there, and no others', async () => {
  const [talk, other] = [pair.talk(), pair.talk()];
  const agent = await talk.agent(pair.here);
  const [reader, otherReader] = [await talk.reader(pair.there), await other.reader(pair.there)];
  const [gone, stays] = [talk.of(randomUUID()), other.of(randomUUID())];
  for (const stream of [gone, stays]) {
    await ask(agent, 'stream:start', stream);
    await ask(agent, 'stream:append', { ...stream, offset: 0, text: 'half' });
  }
  await reads(reader, gone.stream_id, 'half');
  await pair.harness.store.removeMember(talk.conversation_id, AGENT);
  expect(await agent.when('stream:state')).toEqual({ ...gone, offset: 0, code: 'not_found' });
  const end = await reader.when('stream', ({ kind }) => kind === 'end');
  expect(end).toMatchObject({ stream_id: gone.stream_id, text: '' });
  expect(end).not.toHaveProperty('message_id');
  const get = await reader.request('stream:get', talk.ofAgent(gone.stream_id));
  expect(get).toMatchObject({ error: { code: 'not_found' } });
  for (const refused of [
    agent.request('stream:start', gone),
    agent.request('stream:append', { ...gone, offset: 4, text: ' more' }),
    agent.request('stream:end', { ...gone, offset: 4, content: 'half' }),
    agent.request('stream:fail', { ...gone, error: 'No answer.' }),
  ]) {
    expect(await refused).toMatchObject({ error: { code: 'not_found' } });
  }

  await ask(agent, 'stream:append', { ...stays, offset: 4, text: ' and whole' });
  await reads(otherReader, stays.stream_id, 'half and whole');
  const { message } = await ask(agent, 'stream:end', { ...stays, offset: 14 });
  expect(message.content).toBe('half and whole');
  expect([...pair.harness.store.streams.keys()]).toEqual([`${AGENT} ${stays.stream_id}`]);
});

test('one that was removed while it was away leaves no message, and readers are told', async () => {
  // Longer than a busy machine keeps the agent from saying that it is still there.
  const quick = await pair.harness.gateway({ STREAM_RESUME_MS: '4000' });
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(quick), await talk.reader(pair.there)];
  const of = talk.of(randomUUID());
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'half' });
  await reads(reader, of.stream_id, 'half');
  agent.close();
  await pair.harness.store.removeMember(talk.conversation_id, AGENT);
  const end = await reader.when('stream', ({ kind }) => kind === 'end');
  expect(end).not.toHaveProperty('message_id');
  expect(pair.harness.store.streams.has(`${AGENT} ${of.stream_id}`)).toBe(false);
});

test('a person who was removed is told nothing more, asks in vain and stops nothing', async () => {
  const talk = pair.talk();
  const stays = `usr_${randomUUID()}` as const;
  pair.harness.store.addConversation(talk.conversation_id, [talk.person, stays, AGENT]);
  const [agent, former] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const reader = await pair.harness.person(pair.there, stays);
  const of = talk.of(randomUUID());
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'for both' });
  await Promise.all([former, reader].map((one) => reads(one, of.stream_id, 'for both')));
  await pair.harness.store.removeMember(talk.conversation_id, talk.person);
  const isRemoval = ({ type }: { type: string }) => type === 'member.removed';
  await Promise.all([agent, reader].map((one) => one.when('event', isRemoval)));

  await ask(agent, 'stream:append', { ...of, offset: 8, text: ', for one' });
  await reads(reader, of.stream_id, 'for both, for one');
  for (const name of ['stream:get', 'stream:stop'] as const) {
    const answer = await former.request(name, talk.ofAgent(of.stream_id));
    expect(answer).toMatchObject({ error: { code: 'not_found' } });
  }
  // A reload shows it nothing either.
  former.close();
  const again = await talk.reader(pair.there);
  await again.request('stream:get', talk.ofAgent(of.stream_id));
  await ask(agent, 'stream:end', { ...of, offset: 17 });
  await reader.when('stream', ({ kind }) => kind === 'end');
  await waitFor(() => reader.all('event').some(({ type }) => type === 'message.created'));
  expect(copiesOf(former).text(of.stream_id)).toBe('for both');
  expect(again.all('stream')).toEqual([]);
  expect(agent.all('stream:stop')).toEqual([]);
});
