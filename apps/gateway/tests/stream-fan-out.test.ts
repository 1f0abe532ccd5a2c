import { redisNames, type GatewayMessage, type Lease } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { StreamState } from '../src/streams/stream-state';
import { useStreamRedis } from './stream-redis';

/**
 * How the text of streams comes from the gateway that writes it to those of its readers, and for how long Redis has it.
 */

const connections = useStreamRedis();

type Told = Extract<GatewayMessage, { type: 'streams' }>;

/**
 * Readers `usr_here`, `usr_too` and `usr_there` by where they are; `usr_revoked` and `usr_away` are connected nowhere.
 */
async function setup() {
  const { redis, subscriber } = connections;
  const names = redisNames(randomUUID());
  const state = new StreamState(redis, names, { resumeMs: 60_000, mostMs: 600_000 });
  const gateways = { usr_here: 'here', usr_too: 'here', usr_there: 'there', usr_revoked: null };
  for (const [id, gateway] of Object.entries(gateways)) {
    const lease: Lease = { gateway, connection_id: id, credential_id: id, epoch: 1 };
    await redis.set(names.lease(id), JSON.stringify(lease));
  }
  const readers = [...Object.keys(gateways), 'usr_away'];
  const told: Record<string, Told[]> = { here: [], there: [] };
  subscriber.removeAllListeners('message');
  subscriber.on('message', (channel, text) => {
    const [gateway] = Object.keys(told).filter((id) => channel === names.gateway(id));
    if (gateway !== undefined) told[gateway]?.push(JSON.parse(text) as Told);
  });
  await subscriber.subscribe(...Object.keys(told).map(names.gateway));
  const key = (streamId: string) => ({ agentId: 'agt_1', streamId });
  const start = (streamId: string, parts: { restart?: boolean; replyTo?: string } = {}) =>
    state.start(key(streamId), {
      ...{ conversationId: 'cnv_1', epoch: 1, readers, restart: false, replyTo: undefined },
      ...parts,
    });
  const append = (streamId: string, offset: number, text: string, to = readers) =>
    state.append(key(streamId), { epoch: 1, offset, text, readers: to });
  /** What has been told to each gateway, when as many messages have come as this. */
  const heard = async (count: { here: number; there: number }) => {
    await waitFor(() =>
      Object.entries(count).every(([id, least]) => (told[id]?.length ?? 0) >= least),
    );
    return told as { here: Told[]; there: Told[] };
  };
  return { state, names, key, start, append, heard };
}

test('what several streams append in one turn reaches each gateway in one message', async () => {
  const { start, append, heard } = await setup();
  const [first, second] = [await start('first'), await start('second')];
  const text = '"quoted"\n\u0001 / 🧾\u2028';
  await Promise.all([append('first', 0, text), append('second', 0, 'two', ['usr_there'])]);
  const { here, there } = await heard({ here: 3, there: 3 });
  const of = { conversation_id: 'cnv_1', agent_id: 'agt_1', kind: 'append', offset: 0 };
  const piece = { ...of, stream_id: 'first', text };
  expect(here.slice(2)).toEqual([
    { type: 'streams', frames: [{ to: ['usr_here', 'usr_too'], run: first.run, piece }] },
  ]);
  expect(there.slice(2)).toEqual([
    {
      type: 'streams',
      frames: [
        { to: ['usr_there'], run: first.run, piece },
        {
          to: ['usr_there'],
          run: second.run,
          piece: { ...of, stream_id: 'second', text: 'two' },
        },
      ],
    },
  ]);
});

test('readers are told of a start once, and of what a stream has become by who removed it', async () => {
  const { state, key, start, append, heard } = await setup();
  const { run } = await start('one', { replyTo: 'msg_1' });
  expect(await start('one')).toMatchObject({ status: 'open' });
  await append('one', 0, 'text');
  await state.remove(key('one'), 'another run', 'msg_2');
  await state.remove(key('one'), run, 'msg_2');
  await state.remove(key('one'), run, undefined);
  const again = await start('two');
  await state.remove(key('two'), again.run, undefined);
  const { there } = await heard({ here: 5, there: 5 });
  const ids = { conversation_id: 'cnv_1', agent_id: 'agt_1' };
  expect(there.flatMap(({ frames }) => frames.map(({ piece }) => piece))).toEqual([
    { ...ids, stream_id: 'one', kind: 'start', offset: 0, text: '', reply_to: 'msg_1' },
    { ...ids, stream_id: 'one', kind: 'append', offset: 0, text: 'text' },
    { ...ids, stream_id: 'one', kind: 'end', offset: 4, text: '', message_id: 'msg_2' },
    { ...ids, stream_id: 'two', kind: 'start', offset: 0, text: '' },
    { ...ids, stream_id: 'two', kind: 'end', offset: 0, text: '' },
  ]);
});

test('what is refused is told to nobody', async () => {
  const { start, append, heard } = await setup();
  await start('one');
  const answers = await Promise.all([
    append('unknown', 0, 'x'),
    append('one', 7, 'x'),
    append('one', 0, 'x'),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['gone', 'gap', 'ok']);
  const { here } = await heard({ here: 2, there: 2 });
  expect(here[1]?.frames.map(({ piece }) => [piece.stream_id, piece.text])).toEqual([['one', 'x']]);
});

test('whatever Redis has of a stream runs out by itself within 15 minutes', async () => {
  const { redis } = connections;
  const { names, start, append } = await setup();
  await start('one');
  await append('one', 0, 'text');
  await start('one', { restart: true });
  await append('one', 0, 'other text');
  await append('one', 10, ', and more');
  const { streamDeadlines } = names;
  const keys = (await redis.keys(`${names.stream('').split(':')[0]}:*`)).filter(
    // Who writes, where, and until when: that has ends of its own, and no text.
    (key) => key !== streamDeadlines && !key.startsWith(names.lease('')),
  );
  expect(keys.sort()).toEqual(
    [
      ...[names.stream('agt_1 one'), names.streamText('agt_1 one')],
      ...['cnv_1', 'agt_1', 'usr_here', 'usr_too', 'usr_there', 'usr_revoked', 'usr_away'].map(
        names.streamsOf,
      ),
    ].sort(),
  );
  for (const key of keys) {
    const ttl = await redis.pttl(key);
    expect([key, ttl > 0 && ttl <= 15 * 60_000]).toEqual([key, true]);
  }
});
