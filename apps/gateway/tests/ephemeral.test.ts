import { rest, waitFor } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';

let harness: Harness;
let here: TestGateway;
let there: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  [here, there] = [await harness.gateway(), await harness.gateway()];
  harness.store.addConversation('cnv_1', ['usr_1', AGENT]);
});
afterAll(() => harness.close());

const conversation_id = 'cnv_1' as const;

test('typing is told to the other members on another gateway, and to nobody else', async () => {
  const person = await harness.person(here, 'usr_1');
  const outsider = await harness.person(there, 'usr_2');
  const agent = await harness.agent(there);
  expect(await person.request('typing', { conversation_id, typing: true })).toEqual({ ok: true });
  expect(await agent.when('typing')).toEqual({
    conversation_id,
    identity_id: 'usr_1',
    typing: true,
  });
  await person.request('typing', { conversation_id, typing: false });
  await agent.when('typing', ({ typing }) => !typing);
  await agent.request('typing', { conversation_id, typing: true });
  await person.when('typing', ({ identity_id }) => identity_id === AGENT);
  expect(person.all('typing')).toHaveLength(1);
  expect(outsider.all('typing')).toEqual([]);
  expect(await outsider.request('typing', { conversation_id, typing: true })).toMatchObject({
    ok: false,
    error: { code: 'not_found' },
  });
});

test('typing ends by itself 6 s after it was last said', async () => {
  const [person, agent] = [await harness.person(here, 'usr_1'), await harness.agent(there)];
  const from = performance.now();
  await person.request('typing', { conversation_id, typing: true });
  await agent.when('typing', ({ typing }) => typing);
  await agent.when('typing', ({ typing }) => !typing);
  expect(performance.now() - from).toBeGreaterThan(5_900);
  expect(agent.all('typing').map(({ typing }) => typing)).toEqual([true, false]);
});

test('what is said again after a reconnect to another gateway lasts from then on; what is not ends', async () => {
  const [again, once, last] = Array.from({ length: 3 }, () => {
    const id = `cnv_${randomUUID()}` as const;
    harness.store.addConversation(id, ['usr_1', AGENT]);
    return id;
  });
  const agent = await harness.agent(there);
  const types = (person: Awaited<ReturnType<Harness['person']>>, id: typeof again) =>
    person.request('typing', { conversation_id: id!, typing: true });
  const told = (id: typeof again) =>
    agent
      .all('typing')
      .filter((each) => each.conversation_id === id)
      .map(({ typing }) => typing);
  const before = await harness.person(here, 'usr_1');
  await types(before, again);
  await types(before, once);
  // So far apart that no machine is so busy as to come to the ends of both in one turn.
  const apart = performance.now() + 3_000;
  await waitFor(() => performance.now() > apart);
  const after = await harness.person(there, 'usr_1');
  await types(after, again);
  // Expires after what was said again does, and long after what was said before.
  await types(after, last);
  for (const id of [again, once, last])
    await agent.when('typing', (each) => each.conversation_id === id && !each.typing);
  expect(told(again)).toEqual([true, true, false]);
  expect(told(once)).toEqual([true, false]);
});

test('an activity is told to the people, and ends with the message of its agent', async () => {
  const [person, agent] = [await harness.person(here, 'usr_1'), await harness.agent(there)];
  await agent.request('activity', { conversation_id, state: 'using_tool', label: 'searching' });
  expect(await person.when('activity')).toEqual({
    ...{ conversation_id, identity_id: AGENT, state: 'using_tool', label: 'searching' },
  });
  await agent.send(conversation_id, randomUUID(), 'found');
  await person.when('activity', ({ state }) => state === null);
  expect(person.all('activity')).toHaveLength(2);
});

test.each(['its connection', 'REST on another gateway'])(
  'typing ends with the message that is sent over %s, long before it expires',
  async (way) => {
    const marker = `cnv_${randomUUID()}` as const;
    harness.store.addConversation(marker, ['usr_1', AGENT]);
    const [person, agent] = [await harness.person(here, 'usr_1'), await harness.agent(there)];
    /** What has been told so far; what is said afterwards in another conversation arrives after it. */
    const told = async () => {
      const markers = () => agent.all('typing').filter((each) => each.conversation_id === marker);
      const count = markers().length;
      await person.request('typing', { conversation_id: marker, typing: true });
      await agent.when('typing', () => markers().length > count);
      return agent
        .all('typing')
        .filter((each) => each.conversation_id === conversation_id)
        .map(({ typing }) => typing);
    };
    await person.request('typing', { conversation_id, typing: true });
    await agent.send(conversation_id, randomUUID(), 'what others write ends nothing');
    await person.when('event', ({ actor }) => actor.id === AGENT);
    expect(await told()).toEqual([true]);

    const client_id = randomUUID();
    if (way === 'its connection') await person.send(conversation_id, client_id, 'typed');
    else {
      const path = `/conversations/${conversation_id}/messages`;
      const bearer = harness.token('usr_1');
      await rest(there.url, 'POST', path, { body: { client_id, content: 'typed' }, bearer });
    }
    await person.when('event', ({ actor }) => actor.id === 'usr_1');
    expect(await told()).toEqual([true, false]);
  },
);

test('a position that moved is told to the others', async () => {
  const [person, agent] = [await harness.person(here, 'usr_1'), await harness.agent(there)];
  await agent.send(conversation_id, 'm1', 'hello');
  await person.when('event');
  await person.request('received', { conversation_id, seq: 1 });
  await agent.when('receipt', (receipt) => receipt.delivered_seq === 1 && receipt.read_seq === 0);
  expect(await person.request('read', { conversation_id, seq: 1 })).toEqual({ ok: true });
  expect(await agent.when('receipt', (receipt) => receipt.read_seq === 1)).toMatchObject({
    conversation_id,
    identity_id: 'usr_1',
  });
});

test('presence is told for counterparts only, and a new watch replaces the old one', async () => {
  const agent = await harness.agent(there);
  const person = await harness.person(here, 'usr_1');
  // People watch their counterparts from the beginning.
  expect(await person.when('presence')).toMatchObject({ identity_id: AGENT, status: 'online' });

  harness.store.addConversation('cnv_3', ['usr_3', AGENT]);
  const other = await harness.person(here, 'usr_3');
  const watched = await other.request('presence:watch', { identities: [AGENT, 'usr_1', 'agt_9'] });
  expect(watched).toMatchObject({
    ok: true,
    presence: [{ identity_id: AGENT, status: 'online', last_seen: expect.any(String) as string }],
  });
  expect(await person.request('presence:watch', { identities: [] })).toEqual({
    ok: true,
    presence: [],
  });

  agent.close();
  // 3.5 s after it was seen to close, and at the next sweep.
  const { last_seen } = await other.when('presence', ({ status }) => status === 'offline');
  expect(Date.now() - Date.parse(last_seen ?? '')).toBeGreaterThan(3_400);
  expect(person.all('presence').filter(({ status }) => status === 'offline')).toEqual([]);

  await harness.agent(there);
  const all = () => other.all('presence').map(({ status }) => status);
  await other.when('presence', () => all().at(-1) === 'online');
  expect(all().filter((status) => status === 'offline')).toHaveLength(1);
});

test('presence ends with the last shared conversation', async () => {
  harness.store.addConversation('cnv_7', ['usr_7', AGENT]);
  harness.store.addConversation('cnv_8', ['usr_8', AGENT]);
  const watching = await harness.person(here, 'usr_7');
  const other = await harness.person(here, 'usr_8');
  const agent = await harness.agent(there);
  await agent.send('cnv_7', 'm1', 'hello');
  await watching.when('event');
  await harness.store.endConversation('cnv_7');
  await watching.when('event', ({ type }) => type === 'conversation.deleted');

  const heard = (socket: typeof watching) => socket.all('presence').length;
  await waitFor(async () => {
    const [before, told] = [heard(watching), heard(other)];
    await agent.request('status:set', { status: told % 2 ? 'busy' : 'idle' });
    await waitFor(() => heard(other) > told);
    // What it was sent before this answer has arrived.
    await watching.raw('nope');
    return heard(watching) === before;
  });
  expect(await watching.request('presence:watch', { identities: [AGENT] })).toEqual({
    ok: true,
    presence: [],
  });
});

test('a quick reconnect does not flap', async () => {
  const [person, agent] = [await harness.person(here, 'usr_1'), await harness.agent(there)];
  // It may have called itself something else before, which ends with its connection of then.
  await waitFor(() => person.all('presence').at(-1)?.status === 'online');
  const before = person.all('presence').length;
  agent.close();
  await harness.agent(here);
  harness.store.addConversation('cnv_4', ['usr_1', 'usr_4']);
  await person.request('presence:watch', { identities: [AGENT, 'usr_4'] });
  // A later change arrives, the earlier one did not happen.
  await harness.person(there, 'usr_4');
  await person.when('presence', ({ identity_id }) => identity_id === 'usr_4');
  expect(
    person
      .all('presence')
      .slice(before)
      .map(({ identity_id }) => identity_id),
  ).toEqual(['usr_4']);
});
