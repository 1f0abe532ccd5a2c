import { randomUUID } from 'node:crypto';
import { LIMITS } from '@agent-messenger/contracts';
import { AGENT } from './harness';
import { ask, copiesOf, reads, useGateways } from './stream-setup';

/** What programs rely on that hold nothing but the wire contract of streams. */

const pair = useGateways();

test('who talks with the same agent stops no stream of another conversation', async () => {
  const [talk, other] = [pair.talk(), pair.talk()];
  const [agent, stranger] = [await talk.agent(pair.here), await other.reader(pair.there)];
  const s = randomUUID();
  await ask(agent, 'stream:start', talk.of(s));
  expect(await ask(stranger, 'stream:stop', other.ofAgent(s))).toEqual({ ok: true });
  // What is not known may be about to come back: its agent is told.
  await ask(stranger, 'stream:stop', other.ofAgent('unknown'));
  await agent.when('stream:stop', ({ stream_id }) => stream_id === 'unknown');
  expect(agent.all('stream:stop')).toEqual([other.of('unknown')]);
  expect(await ask(agent, 'stream:start', talk.of(s))).toMatchObject({ stopped: false });
});

test('an agent that comes back is not told its own text as a reader', async () => {
  const talk = pair.talk();
  const s = randomUUID();
  const agent = await talk.agent(pair.here);
  await ask(agent, 'stream:start', talk.of(s));
  await ask(agent, 'stream:append', { ...talk.of(s), offset: 0, text: 'mine' });
  const reader = await talk.reader(pair.there);
  await reads(reader, s, 'mine');
  const back = await talk.agent(pair.there);
  expect(await ask(back, 'stream:start', talk.of(s))).toMatchObject({ offset: 4 });
  await ask(back, 'stream:append', { ...talk.of(s), offset: 4, text: ' too' });
  await reads(reader, s, 'mine too');
  expect(back.all('stream')).toEqual([]);
});

/** Six bytes as JSON, one as UTF-8. */
const CONTROL = '\u0001';

test.each(['socket', 'plain'] as const)(
  'asked for all the text, a %s that takes frames of 64 KiB gets it in pieces',
  async (transport) => {
    const talk = pair.talk();
    const s = randomUUID();
    const agent = await talk.agent(pair.here);
    await ask(agent, 'stream:start', talk.of(s));
    const whole = CONTROL.repeat(40_000);
    await ask(agent, 'stream:append', { ...talk.of(s), offset: 0, text: whole });
    const max_frame_bytes = LIMITS.maxFrameBytesLeast;
    const wishes = { token: pair.harness.token(talk.person), max_frame_bytes };
    const reader = await pair.harness[transport](pair.there, '/client', wishes).synced();
    await reads(reader, s, whole);
    const before = reader.all('stream').length;
    const { offset, text } = await ask(reader, 'stream:get', talk.ofAgent(s));
    expect(JSON.stringify({ offset, text }).length).toBeLessThan(max_frame_bytes);
    expect([text, offset]).toEqual([whole.slice(0, offset), text.length]);
    expect(offset).toBeGreaterThan(0);
    await reader.when('stream', () => {
      const again = copiesOf(reader).kinds.slice(before);
      return again[0] === 'start' && copiesOf(reader).text(s)?.length === whole.length;
    });
    await reads(reader, s, whole);
    for (const piece of reader.all('stream')) {
      expect(JSON.stringify(piece).length).toBeLessThan(max_frame_bytes);
    }
  },
);

test.each([
  ['a negative offset', { offset: -1, text: 'x' }],
  ['half a character', { offset: 0, text: '\ud83d' }],
  ['no text', { offset: 0, text: '' }],
  ['more than 64 KiB', { offset: 0, text: 'x'.repeat(LIMITS.streamBytes + 1) }],
  ['an offset that is no number', { offset: '0', text: 'x' }],
])('an append with %s is refused by stream:state, and the stream goes on', async (_, piece) => {
  const talk = pair.talk();
  const s = randomUUID();
  const agent = await talk.agent(pair.here);
  await ask(agent, 'stream:start', talk.of(s));
  await ask(agent, 'stream:append', { ...talk.of(s), offset: 0, text: 'ab' });
  await agent.request('stream:append', { ...talk.of(s), ...piece } as never);
  expect(await agent.when('stream:state')).toEqual({
    ...{ ...talk.of(s), offset: 2, code: 'invalid_payload' },
  });
  await ask(agent, 'stream:append', { ...talk.of(s), offset: 2, text: 'c' });
  expect(await ask(agent, 'stream:end', { ...talk.of(s), offset: 3 })).toMatchObject({
    message: { content: 'abc', sender: { id: AGENT } },
  });
});
