import { randomUUID } from 'node:crypto';
import { AGENT } from './harness';
import { ask, copiesOf, reads, useGateways } from './stream-setup';

/** Where an agent goes on, and what its readers have. */
const pair = useGateways();

test('what overlaps is trimmed, a gap is told, and a start answers where the text ends', async () => {
  const talk = pair.talk();
  const s = randomUUID();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of(s);
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'one ' });
  await ask(agent, 'stream:append', { ...of, offset: 2, text: 'e two ' });
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'one' });
  await reads(reader, s, 'one two ');
  await ask(agent, 'stream:append', { ...of, offset: 20, text: 'far away' });
  expect(await agent.when('stream:state')).toEqual({ ...of, offset: 8 });
  expect(await ask(agent, 'stream:start', of)).toMatchObject({ offset: 8 });
  await ask(agent, 'stream:append', { ...of, offset: 8, text: 'three' });
  await reads(reader, s, 'one two three');
  await ask(agent, 'stream:end', { ...of, offset: 13 });
});

test('an end without exactly that text commits nothing; with the rest or the whole it does', async () => {
  const talk = pair.talk();
  const agent = await talk.agent(pair.here);
  const of = talk.of('rest');
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'one ' });
  expect(await agent.request('stream:end', { ...of, offset: 9 })).toMatchObject({
    error: { code: 'conflict', expected_offset: 4 },
  });
  expect(pair.harness.store.streams.has(`${AGENT} rest`)).toBe(false);
  await ask(agent, 'stream:append', { ...of, offset: 4, text: 'two' });
  expect((await ask(agent, 'stream:end', { ...of, offset: 7 })).message.content).toBe('one two');

  const whole = talk.of('whole');
  await ask(agent, 'stream:start', whole);
  await ask(agent, 'stream:append', { ...whole, offset: 0, text: 'a draft' });
  const ended = await ask(agent, 'stream:end', { ...whole, offset: 0, content: 'The answer.' });
  expect(ended.message.content).toBe('The answer.');
  // Of one that the server has lost, and of one that it never had.
  const lost = talk.of('lost');
  expect(await agent.request('stream:end', { ...lost, offset: 5 })).toMatchObject({
    error: { code: 'conflict', expected_offset: 0 },
  });
  const sent = await ask(agent, 'stream:end', { ...lost, offset: 5, content: 'known' });
  expect(sent.message.content).toBe('known');
});

test('a newer connection goes on, the older one cannot', async () => {
  const talk = pair.talk();
  const s = randomUUID();
  const reader = await talk.reader(pair.there);
  const first = await talk.agent(pair.here);
  const of = talk.of(s);
  await ask(first, 'stream:start', of);
  await ask(first, 'stream:append', { ...of, offset: 0, text: 'first ' });
  await reads(reader, s, 'first ');
  const second = await talk.agent(pair.there);
  expect(await ask(second, 'stream:start', of)).toMatchObject({ offset: 6 });
  await ask(second, 'stream:append', { ...of, offset: 6, text: 'second' });
  await reads(reader, s, 'first second');
  await ask(second, 'stream:end', { ...of, offset: 12 });
  expect(copiesOf(reader).problems).toEqual([]);
});

test('a regenerated answer replaces what readers have', async () => {
  const talk = pair.talk();
  const s = randomUUID();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of(s);
  await ask(agent, 'stream:start', of);
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'a wrong start' });
  await reads(reader, s, 'a wrong start');
  expect(await ask(agent, 'stream:start', { ...of, restart: true })).toMatchObject({ offset: 0 });
  await ask(agent, 'stream:append', { ...of, offset: 0, text: 'right' });
  await reads(reader, s, 'right');
  expect(copiesOf(reader).kinds.filter((kind) => kind === 'start')).toHaveLength(2);
  await ask(agent, 'stream:end', { ...of, offset: 5 });
});

test('starts, appends and the end that are sent at once are carried out in order', async () => {
  const talk = pair.talk();
  const [agent, reader] = [await talk.agent(pair.here), await talk.reader(pair.there)];
  const of = talk.of('at-once');
  const asked = [
    agent.request('stream:start', of),
    ...[...'abcdef'].map((text, offset) => agent.request('stream:append', { ...of, offset, text })),
    agent.request('stream:end', { ...of, offset: 6 }),
  ];
  expect(await Promise.all(asked)).toMatchObject(asked.map(() => ({ ok: true })));
  await reader.when('stream', ({ kind }) => kind === 'end');
  expect(copiesOf(reader).text('at-once')).toBe('abcdef');
  expect(agent.all('stream:state')).toEqual([]);
});
