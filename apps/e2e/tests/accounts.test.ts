import { connectClient, createRest, type Client, type MessengerError } from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  startStack,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';

let stack: Stack;
let url: string[];
let person: Person;
const open: Client[] = [];

beforeAll(async () => {
  stack = await startStack({
    gateways: 2,
    env: { auth: { FAILED_ATTEMPTS_MAX: '3', FAILED_ATTEMPTS_WAIT_MS: '60000' } },
  });
  url = stack.gateways.map((gateway) => gateway.url);
}, 60_000);
afterAll(() => stack.stop(), 60_000);
beforeEach(async () => {
  person = await createPerson(url[0] ?? '');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close({ deadlineMs: 0 })));
});

async function connect(
  options: Partial<Parameters<typeof connectClient>[0]> = {},
): Promise<Client> {
  const { username, password } = person;
  const client = await connectClient({ url, username, password, ...options });
  open.push(client);
  return client;
}

/** The reason for which a connection is over for good. */
function endOf(client: Client): Promise<MessengerError['code']> {
  return new Promise((resolve) => client.on('ended', ({ code }) => resolve(code)));
}

const logIn = (password: string, device_token?: string) =>
  createRest(url).request('login', {
    body: { username: person.username, password, ...(device_token && { device_token }) },
  });
const refresh = (refresh_token: string) =>
  createRest(url).request('refresh', { body: { refresh_token } });
const unauthorized = { code: 'unauthorized' };

test('a changed password ends the other sessions and their connection, and keeps its own', async () => {
  const elsewhere = await connect({ url: [...url].reverse() });
  const ended = endOf(elsewhere);
  const own = await logIn(person.password);
  const change = { current_password: person.password, new_password: 'another horse' };
  const bearer = own.access_token;
  await createRest(url).request('changePassword', { body: change }, { bearer });
  expect(await ended).toBe('revoked');
  await expect(refresh(person.refresh_token)).rejects.toMatchObject(unauthorized);
  await expect(refresh(own.refresh_token)).resolves.toBeDefined();
  await expect(logIn(person.password)).rejects.toMatchObject(unauthorized);
  await expect(logIn('another horse')).resolves.toBeDefined();
});

test('the SDK changes the password and goes on', async () => {
  const agent = await createAgent(url[0] ?? '', stack.adminKey);
  const client = await connect();
  const wrong = { current_password: 'wrong horse', new_password: 'another horse' };
  await expect(client.changePassword(wrong)).rejects.toMatchObject(unauthorized);
  await client.changePassword({ ...wrong, current_password: person.password });
  const conversation = await client.openConversation({ agent_id: agent.id });
  await expect(conversation.send('still here')).resolves.toMatchObject({ duplicate: false });
});

test('logout everywhere ends every session', async () => {
  const client = await connect();
  const { refresh_token } = await logIn(person.password);
  await client.logout({ everywhere: true });
  for (const token of [refresh_token, person.refresh_token]) {
    await expect(refresh(token)).rejects.toMatchObject(unauthorized);
  }
  await expect(logIn(person.password)).resolves.toBeDefined();
});

test('a deleted account is gone, and its name free', async () => {
  const client = await connect();
  await expect(client.deleteAccount('wrong horse')).rejects.toMatchObject(unauthorized);
  await client.deleteAccount(person.password);
  await expect(logIn(person.password)).rejects.toMatchObject(unauthorized);
  await expect(refresh(person.refresh_token)).rejects.toMatchObject(unauthorized);
  await expect(createPerson(url[0] ?? '', person)).resolves.toBeDefined();
});

test('guesses make everybody wait who is not known, and nobody who is', async () => {
  const { device_token } = await logIn(person.password);
  for (let n = 0; n < 3; n++) {
    await expect(logIn('wrong horse')).rejects.toMatchObject(unauthorized);
  }
  await expect(logIn(person.password)).rejects.toMatchObject({
    code: 'rate_limited',
    status: 429,
    retryAfterMs: expect.any(Number) as number,
  });
  await expect(logIn(person.password, device_token)).resolves.toMatchObject({ device_token });
});
