import { routes, type Tokens } from '@agent-messenger/contracts';
import { randomBytes } from 'node:crypto';
import { rest } from './rest';

export interface Person extends Tokens {
  username: string;
  password: string;
}

export interface Agent {
  id: string;
  name: string;
  api_key: string;
  key_id: string;
}

/** Registers a person through a gateway and logs in. */
export async function createPerson(
  url: string,
  {
    username = `p-${randomBytes(6).toString('hex')}`,
    password = randomBytes(12).toString('hex'),
  }: { username?: string; password?: string } = {},
): Promise<Person> {
  const credentials = { username, password };
  const registered = await rest(url, 'POST', '/auth/user', { body: credentials });
  if (registered.status !== 201) throw refused('register', registered);
  const login = await rest(url, 'POST', '/auth/login', { body: credentials });
  if (login.status !== 200) throw refused('login', login);
  return { ...routes.login.response.parse(login.body), ...credentials };
}

/** Creates an agent through a gateway's admin route. */
export async function createAgent(
  url: string,
  adminKey: string,
  { name = `agent ${randomBytes(4).toString('hex')}` }: { name?: string } = {},
): Promise<Agent> {
  const answer = await rest(url, 'POST', '/admin/agents', {
    body: { name },
    headers: { 'x-admin-key': adminKey },
  });
  if (answer.status !== 201) throw refused('create an agent', answer);
  const { agent, api_key, key_id } = routes.createAgent.response.parse(answer.body);
  return { id: agent.id, name: agent.name, api_key, key_id };
}

function refused(what: string, { status, body }: { status: number; body: unknown }): Error {
  return new Error(`${what}: ${status} ${JSON.stringify(body)}`);
}
