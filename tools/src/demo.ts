import { routes } from '@agent-messenger/contracts';
import { callRest, createAgent, writeWhole, type RestAnswer } from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Demo {
  username: string;
  password: string;
  agent: { id: string; name: string; api_key: string };
}

/** Where the admin routes are, and their key. */
interface AdminAccess {
  url: string;
  key: string;
}

/** The demo person and agent: those of the last run while they still work, else new ones, kept in `file`. */
export async function ensureDemo(url: string, admin: AdminAccess, file: string): Promise<Demo> {
  const last = read(file);
  const person = (last && (await canLogIn(url, last)) && last) || (await register(admin));
  const agent =
    (last && (await keyWorks(url, last.agent.api_key)) && last.agent) ||
    (await createAgent(admin.url, admin.key, { name: 'Echo' }));
  const { username, password } = person;
  const { id, name, api_key } = agent;
  const demo: Demo = { username, password, agent: { id, name, api_key } };
  writeWhole(file, `${JSON.stringify(demo, null, 2)}\n`);
  return demo;
}

/** A code that logs the demo person in once. @param internalUrl internal port of a gateway */
export async function demoLoginCode(
  internalUrl: string,
  admin: AdminAccess,
  { username }: Demo,
): Promise<string> {
  const headers = { 'x-admin-key': admin.key };
  const found = await callRest(admin.url, 'GET', `/admin/users?username=${username}`, { headers });
  if (found.status !== 200) throw new Error(`find the demo person: ${explain(found)}`);
  const [user] = routes.listUsers.response.parse(found.body).users;
  const made = await callRest(internalUrl, 'POST', `/admin/users/${user?.id}/link`, { headers });
  if (made.status !== 201) throw new Error(`make a login link: ${explain(made)}`);
  return routes.createLoginLink.response.parse(made.body).code;
}

/** `demo`, or a name close to it when someone else has that one. */
async function register({
  url,
  key,
}: AdminAccess): Promise<{ username: string; password: string }> {
  const password = randomBytes(12).toString('hex');
  for (const username of ['demo', `demo-${randomBytes(3).toString('hex')}`]) {
    const answer = await callRest(url, 'POST', '/admin/users', {
      headers: { 'x-admin-key': key },
      body: { username, password },
    });
    if (answer.status === 201) return { username, password };
    if (answer.status !== 409) throw new Error(`register: ${explain(answer)}`);
  }
  throw new Error('register: the names are taken');
}

async function canLogIn(url: string, { username, password }: Demo): Promise<boolean> {
  return accepted(await callRest(url, 'POST', '/auth/login', { body: { username, password } }));
}

async function keyWorks(url: string, key: string): Promise<boolean> {
  return accepted(await callRest(url, 'POST', '/auth/agent/token', { bearer: key }));
}

/**
 * Only a refusal means that a credential is no good. A service that is away, or that has seen too many wrong
 * passwords for this name, says nothing about it.
 */
function accepted(answer: RestAnswer): boolean {
  if ([200, 429, 503].includes(answer.status)) return true;
  if (answer.status === 401) return false;
  throw new Error(`log in: ${explain(answer)}`);
}

function explain({ status, body }: RestAnswer): string {
  return `${status} ${JSON.stringify(body)}`;
}

function read(file: string): Demo | undefined {
  try {
    const demo = JSON.parse(readFileSync(file, 'utf8')) as Demo;
    const { username, password, agent } = demo;
    const all = [username, password, agent.id, agent.name, agent.api_key];
    return all.every((each) => typeof each === 'string') ? demo : undefined;
  } catch {
    // The first run, or not ours: new ones are made.
    return undefined;
  }
}
