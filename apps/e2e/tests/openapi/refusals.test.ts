import {
  createAgent,
  createPerson,
  rest,
  startStack,
  type Agent,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';

const MIB = 2 ** 20;
const LARGE = 64_000;

let stack: Stack;
let url: string;
let agent: Agent;

beforeAll(async () => {
  stack = await startStack({ env: { messages: { STORAGE_PERSON_MIB: '1' } } });
  url = stack.gateways[0]!.url;
  agent = await createAgent(url, stack.adminKey);
}, 60_000);
afterAll(() => stack.stop(), 60_000);

/**
 * What a person with a conversation does to it, and the statuses of the answers: `rest` refuses those that are not
 * documented.
 */
async function conversationOf({ access_token: bearer }: Person) {
  const { body: conversation } = await rest(url, 'POST', '/conversations', {
    bearer,
    body: { agent_id: agent.id },
  });
  const { id } = conversation as { id: string };
  const call = async (method: string, path: string, body?: object) => {
    const { status, body: answer } = await rest(url, method, `/conversations/${id}${path}`, {
      bearer,
      ...(body && { body }),
    });
    return { status, answer };
  };
  const send = (content: string) => call('POST', '/messages', { client_id: randomUUID(), content });
  const { answer } = await send('hello');
  const { message } = answer as { message: { id: string } };
  const statuses = async (calls: Record<string, Promise<{ status: number }>>) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(calls).map(async ([name, made]) => [name, (await made).status] as const),
      ),
    );
  const thumb = `/messages/${message.id}/reactions/${encodeURIComponent('👍')}`;
  const everything = () =>
    statuses({
      send: send('more'),
      edit: call('PATCH', `/messages/${message.id}`, { content: 'hello, and more' }),
      react: call('PUT', thumb),
      rename: call('PATCH', '', { title: 'Another' }),
      mute: call('PATCH', '', { muted: true }),
    });
  return { everything, send };
}

test('who is not on the list of the agent any more is refused with what is documented', async () => {
  const { everything } = await conversationOf(await createPerson(url));
  const headers = { 'x-admin-key': stack.adminKey };
  const listed = (access: string) =>
    rest(url, 'PATCH', `/admin/agents/${agent.id}`, { headers, body: { access } });
  await listed('listed');
  const answers = await everything().finally(() => listed('everyone'));
  expect(answers).toEqual({ send: 403, edit: 403, react: 403, rename: 403, mute: 200 });
});

test('who has used up its storage is refused with what is documented', async () => {
  const { everything, send } = await conversationOf(await createPerson(url));
  for (let bytes = 0; bytes < MIB; bytes += LARGE) await send('x'.repeat(LARGE));
  for (let bytes = 0; bytes < LARGE; bytes += 4_000) await send('x'.repeat(4_000));
  let last = 201;
  while (last === 201) last = (await send('x'.repeat(50))).status;
  expect(await everything()).toEqual({ send: 409, edit: 409, react: 409, rename: 409, mute: 200 });
});
