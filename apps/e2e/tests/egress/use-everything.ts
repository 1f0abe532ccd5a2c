import type { Conversation, LoggedIn, Tokens } from '@agent-messenger/contracts';
import { createAgent, openTestSocket, rest, type TestSocketBase } from '@agent-messenger/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import type { PushStack } from '../push-setup';
import { writeAnswers } from './write-answers';

/** Everything secret that was used, by what it is. */
export type Secrets = Map<string, string>;

/**
 * Uses a stack in every way in which something secret gets to it, right and wrong: passwords, tokens, keys, what people
 * write to each other.
 */
export async function useEverything(push: PushStack): Promise<Secrets> {
  const { stack } = push;
  const [first, second] = stack.gateways.map(({ url }) => url) as [string, string];
  const secrets: Secrets = new Map();
  /** Notes a secret and gives it back. */
  const keep = (what: string, value: string): string => {
    secrets.set(`${what} ${secrets.size}`, value);
    return value;
  };
  const made = (what: string) => keep(what, `${what}-${randomBytes(16).toString('hex')}`);
  const sockets: TestSocketBase[] = [];
  const open = (...args: Parameters<typeof openTestSocket>): TestSocketBase => {
    const socket = openTestSocket(...args);
    sockets.push(socket);
    return socket;
  };
  const tokensOf = (body: unknown): Tokens => {
    const tokens = body as Tokens;
    keep('access token', tokens.access_token);
    keep('refresh token', tokens.refresh_token);
    return tokens;
  };
  const call = (method: string, path: string, body?: unknown, bearer?: string) =>
    rest(first, method, path, { ...(body !== undefined && { body }), ...(bearer && { bearer }) });

  // A person and an agent, and what they are let in with.
  const username = `p-${randomBytes(6).toString('hex')}`;
  const password = made('password');
  await call('POST', '/auth/user', { username, password });
  await call('POST', '/auth/user', { username, password: made('password') });
  await call('POST', '/auth/login', { username, password: made('password') });
  const loggedIn = (await call('POST', '/auth/login', { username, password })).body as LoggedIn;
  tokensOf(loggedIn);
  keep('device token', loggedIn.device_token);
  const { device_token } = loggedIn;
  await call('POST', '/auth/login', { username, password, device_token });
  await call('POST', '/auth/refresh', { refresh_token: made('refresh token') });
  const { body: refreshed } = await call('POST', '/auth/refresh', {
    refresh_token: loggedIn.refresh_token,
  });
  const { access_token: token, refresh_token } = tokensOf(refreshed);
  const agent = await createAgent(first, stack.adminKey);
  keep('API key', agent.api_key);
  const wrongKey = keep('API key', `amk_${agent.key_id}_${randomBytes(32).toString('base64url')}`);
  for (const key of [stack.adminKey, made('admin key')]) {
    await rest(first, 'GET', '/admin/agents', { headers: { 'x-admin-key': key } });
    await rest(first, 'GET', `/admin/agents?admin_key=${key}`);
  }
  for (const key of [agent.api_key, wrongKey]) {
    const { body } = await call('POST', '/auth/agent/token', undefined, key);
    const { access_token } = body as Partial<Tokens>;
    if (access_token !== undefined) keep('agent token', access_token);
    await call('GET', '/conversations', undefined, key);
  }

  // Sockets, with what is right and with what is not; in the URL too.
  const wrongToken = keep('access token', `${token.slice(0, -8)}AAAAAAAA`);
  for (const transport of ['socket.io', 'ws'] as const) {
    for (const value of [wrongToken, made('token')]) {
      const query = { query: { token: value } };
      await open(transport, first, '/client', {}, query)
        .synced()
        .catch(() => undefined);
      await open(transport, second, '/client', { token: value })
        .synced()
        .catch(() => undefined);
    }
    await open(transport, second, '/client', {}, { query: { token } }).synced();
    await open(transport, first, '/agent', { api_key: wrongKey })
      .synced()
      .catch(() => undefined);
  }
  for (const path of [`/nope?token=${token}`, `/%ff?token=${token}`, `/conversations/${token}`]) {
    await fetch(first + path, { headers: { authorization: `Bearer ${wrongToken}` } });
  }

  // What they write.
  const { body } = await call(
    'POST',
    '/conversations',
    { agent_id: agent.id, title: made('title') },
    token,
  );
  const { id } = body as Conversation;
  const path = `/conversations/${id}/messages`;
  const theAgent = await open('ws', first, '/agent', { api_key: agent.api_key }).synced();
  const thePerson = await open('socket.io', second, '/client', { token }).synced();
  await thePerson.send(id, randomUUID(), made('message'));
  const { message } = await theAgent.send(id, randomUUID(), made('message'));
  await thePerson.when('event', ({ seq }) => seq === message.seq);
  await thePerson.request('auth:refresh', { token });
  await theAgent.request('message:edit', {
    conversation_id: id as `cnv_${string}`,
    message_id: message.id as `msg_${string}`,
    content: made('message'),
  });
  await writeAnswers({ agent: theAgent, person: thePerson, conversation: id, made });
  await call('POST', path, { client_id: randomUUID(), content: made('message') }, token);
  await call('POST', path, { client_id: randomUUID(), content: { text: made('message') } }, token);
  await fetch(first + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: `{"content": "${made('message')}`,
  });

  // Pushes to every platform, and one to a device that is none.
  const talk = await push.talk();
  keep('access token', talk.person.access_token);
  for (const platform of ['apns', 'fcm', 'webpush'] as const) {
    keep('push token', await talk.register(platform));
  }
  await talk.call('POST', '/push/register', { platform: 'fcm', token: made('push token') });
  await talk.say(made('message'));
  await talk.untilShown(3);

  // The end.
  const next = made('password');
  await call(
    'POST',
    '/auth/password',
    { current_password: made('password'), new_password: next },
    token,
  );
  await call('POST', '/auth/password', { current_password: password, new_password: next }, token);
  await call('POST', '/auth/logout', { refresh_token, push_token: made('push token') });
  for (const socket of sockets) socket.close();
  return secrets;
}
