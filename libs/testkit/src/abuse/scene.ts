import { randomUUID } from 'node:crypto';
import type { StackOptions } from '../stack/stack';
import { createAgent, createPerson, type Agent, type Person } from '../identities';
import { inParallel } from '../in-parallel';
import { ask } from './ask';

/** Where greedy peers meet a stack. */
export interface AbuseScene {
  /** Of the gateway. */
  url: string;
  admin: { url: string; key: string };
  /** What greedy peers connect from: all of them share what an address may take. */
  address: string;
}

/** Not the one of the others, and loopback too. */
export const GREEDY_ADDRESS = '127.0.0.66';

/** Where devices are that nobody can reach (TEST-NET-1). */
export const UNREACHABLE = 'https://192.0.2.1';

/** The bounds of an installation, but for what it takes to have so many people at one address at all. */
export const ABUSE_ENVIRONMENT: NonNullable<StackOptions['env']> = {
  gateway: {
    REGISTRATIONS_PER_HOUR_IP: '100000',
    LOGINS_PER_MINUTE_IP: '600',
    SENDS_PER_MINUTE_IP: '60000',
  },
  // Sent, not logged.
  'push-worker': { PUSH_LOG: 'false', WEBPUSH_ORIGINS: UNREACHABLE },
};

export interface Pair {
  person: Person;
  agent: Agent;
  conversationId: `cnv_${string}`;
}

/** A person, an agent, and a conversation of both. */
export async function createPair(scene: AbuseScene): Promise<Pair> {
  const person = await createPerson(scene.url);
  const agent = await createAgent(scene.admin.url, scene.admin.key);
  return { person, agent, conversationId: await openConversation(scene, person, agent) };
}

export async function openConversation(
  scene: AbuseScene,
  { access_token }: Person,
  { id }: Agent,
): Promise<`cnv_${string}`> {
  const answer = await ask(scene, 'POST', '/conversations', {
    bearer: access_token,
    body: { agent_id: id },
  });
  return (answer.body as { id: `cnv_${string}` }).id;
}

/** As large as a message may be. */
export const LARGE = 'x'.repeat(65_536);

/** So many of the largest messages, from the agent. */
export async function fill(
  scene: AbuseScene,
  { agent, conversationId }: Pair,
  messages: number,
): Promise<string[]> {
  const path = `/conversations/${conversationId}/messages`;
  const ids: string[] = [];
  for (let n = 0; n < messages; n += 1) {
    const body = { client_id: randomUUID(), content: LARGE };
    const answer = await ask(scene, 'POST', path, { bearer: agent.api_key, body });
    ids.push((answer.body as { message: { id: string } }).message.id);
  }
  return ids;
}

/** More than the caches of a store hold, 64 MiB of its writer and 16 of each reader. */
const FILLED_PAIRS = 24;
const FILLED_MESSAGES = 64;

/** What an installation has that is used: caches have their size from then on. */
export async function fillStore(scene: AbuseScene): Promise<void> {
  await inParallel(Array.from({ length: FILLED_PAIRS }), async () => {
    const pair = await createPair(scene);
    await fill(scene, pair, FILLED_MESSAGES);
    let before: number | undefined;
    do {
      const path = `/conversations/${pair.conversationId}/messages?limit=200`;
      const answer = await ask(
        scene,
        'GET',
        before === undefined ? path : `${path}&before_seq=${before}`,
        {
          bearer: pair.person.access_token,
        },
      );
      const { messages } = answer.body as { messages: { seq: number }[] };
      before = messages.length === 0 ? undefined : Math.min(...messages.map(({ seq }) => seq));
    } while (before !== undefined);
  });
}
