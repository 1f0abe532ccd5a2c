import type { Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  rest,
  startStack,
  TestSocket,
  waitFor,
  type Stack,
} from '@agent-messenger/testkit';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ gateways: 2 });
}, 60_000);
afterAll(() => stack.stop(), 60_000);

test('someone offline with a push token gets a push job, which the worker processes', async () => {
  const [first, second] = stack.gateways.map(({ url }) => url) as [string, string];
  expect(stack.logs('push-worker')).toMatch(/no push provider is configured/i);
  const [agent, away, here] = await Promise.all([
    createAgent(first, stack.adminKey),
    createPerson(first),
    createPerson(second),
  ]);
  const conversations: Conversation[] = [];
  for (const { access_token: bearer, username } of [away, here]) {
    const body = { device_id: 'phone', platform: 'fcm', token: `token-of-${username}` };
    expect((await rest(first, 'POST', '/push/register', { bearer, body })).status).toBe(204);
    const opened = await rest(first, 'POST', '/conversations', {
      bearer,
      body: { agent_id: agent.id },
    });
    conversations.push(opened.body as Conversation);
  }
  const [toAway, toHere] = conversations as [Conversation, Conversation];
  const online = await new TestSocket(second, '/client', { token: here.access_token }).synced();
  const theAgent = await new TestSocket(first, '/agent', { api_key: agent.api_key }).synced();

  // No job is done before the store knows who has received what, however long that takes.
  stack.pushWorker.pause();
  const received = await theAgent.send(toHere.id, 'here-1', 'secret text for who is here');
  await online.when('event', ({ seq }) => seq === received.message.seq);
  await online.request('received', {
    conversation_id: toHere.id as `cnv_${string}`,
    seq: received.message.seq,
  });
  await waitFor(async () => {
    const bearer = here.access_token;
    const { body } = await rest(second, 'GET', `/conversations/${toHere.id}`, { bearer });
    return (body as Conversation).delivered_seq >= received.message.seq;
  });
  stack.pushWorker.resume();
  const missed = await theAgent.send(toAway.id, 'away-1', 'secret text for who is away');

  const pushes = () =>
    stack
      .logs('push-worker')
      .split('\n')
      .filter((line) => line.includes(toAway.id) || line.includes(toHere.id))
      .filter((line) => /would send/i.test(line));
  const [push] = await waitFor(() => (pushes().length > 0 ? pushes() : undefined), {
    describe: 'the push',
  });
  expect(push).toContain(toAway.id);
  expect(push).toContain(`"seq":${missed.message.seq}`);
  // The later one has come, so the earlier one, which was received, was passed over.
  expect(pushes().filter((line) => line.includes(toHere.id))).toEqual([]);
  expect(stack.logs('push-worker')).not.toContain('secret text');
  expect(stack.logs('push-worker')).not.toContain('token-of-');

  expect(
    (
      await rest(first, 'DELETE', '/push/unregister', {
        bearer: away.access_token,
        body: { token: `token-of-${away.username}` },
      })
    ).status,
  ).toBe(204);
  online.close();
  theAgent.close();
});
