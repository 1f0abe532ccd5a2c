import { createAgent, rest, type RestAnswer } from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

export interface Demo {
  username: string;
  password: string;
  agent: { id: string; name: string; api_key: string };
}

/** The demo person and agent: those of the last run while they still work, else new ones, kept in `file`. */
export async function ensureDemo(url: string, adminKey: string, file: string): Promise<Demo> {
  const last = read(file);
  const person = (last && (await canLogIn(url, last)) && last) || (await register(url));
  const agent =
    (last && (await keyWorks(url, last.agent.api_key)) && last.agent) ||
    (await createAgent(url, adminKey, { name: 'Echo' }));
  const { username, password } = person;
  const { id, name, api_key } = agent;
  const demo: Demo = { username, password, agent: { id, name, api_key } };
  writeFileSync(file, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  return demo;
}

/** `demo`, or a name close to it when someone else has that one. */
async function register(url: string): Promise<{ username: string; password: string }> {
  const password = randomBytes(12).toString('hex');
  for (const username of ['demo', `demo-${randomBytes(3).toString('hex')}`]) {
    const answer = await rest(url, 'POST', '/auth/user', { body: { username, password } });
    if (answer.status === 201) return { username, password };
    if (answer.status !== 409) throw new Error(`demo person: ${JSON.stringify(answer)}`);
  }
  throw new Error('no name is left for the demo person');
}

async function canLogIn(url: string, { username, password }: Demo): Promise<boolean> {
  return accepted(await rest(url, 'POST', '/auth/login', { body: { username, password } }));
}

async function keyWorks(url: string, key: string): Promise<boolean> {
  return accepted(await rest(url, 'POST', '/auth/agent/token', { bearer: key }));
}

/** Only a refusal means that a credential is no good; a service that is away says nothing about it. */
function accepted({ status, body }: RestAnswer): boolean {
  if (status === 200 || status === 401) return status === 200;
  throw new Error(`demo credentials: ${status} ${JSON.stringify(body)}`);
}

function read(file: string): Demo | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Demo;
  } catch {
    // The first run, or a file cut short by a crash: new ones are made.
    return undefined;
  }
}
