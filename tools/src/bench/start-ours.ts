import { routes } from '@agent-messenger/contracts';
import { createAgent, createPerson, inParallel, rest } from '@agent-messenger/testkit';
import { connectPairs, type Pair } from './connect-pairs';
import { Latencies } from './latencies';
import type { BenchOptions } from './options';
import type { BenchContext, System } from './system';
import { findTarget, startTarget, type Target } from './target';

/** Pairs that have a conversation each, through a whole stack: our own, or one that runs. */
export async function startOurs(options: BenchOptions, context: BenchContext): Promise<System> {
  const target = options.running ? findTarget(context.env) : await startTarget(options, context);
  return startPairs(target, options, context);
}

/** The same through this target, which ends with them. */
export async function startPairs(
  target: Target,
  options: Pick<BenchOptions, 'pairs' | 'transport'>,
  context: BenchContext,
): Promise<System> {
  try {
    const latencies = new Latencies();
    const broken = new AbortController();
    const pairs = await createPairs(target, options.pairs, context);
    const members = await connectPairs(pairs, {
      urls: target.urls,
      transport: options.transport,
      hasLog: true,
      latencies,
      onEnd: (reason) => broken.abort(new Error(`a connection ended: ${reason}`)),
    });
    return {
      name: 'ours',
      members,
      latencies,
      broken: broken.signal,
      stop: async () => {
        for (const member of members) member.close();
        await target.stop();
      },
    };
  } catch (error) {
    await target.stop();
    throw error;
  }
}

/** Two bcrypt hashes and a comparison each: about 0.2 s of a core for a pair. */
export async function createPairs(
  { urls, admin }: Target,
  count: number,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<Pair[]> {
  let done = 0;
  return inParallel(Array.from({ length: count }), async (_, index) => {
    signal.throwIfAborted();
    const url = urls[index % urls.length] ?? '';
    const pair = await createPair(url, admin);
    done += 1;
    if (done % 25 === 0 || done === count) say(`ours: ${done} of ${count} pairs created`);
    return pair;
  });
}

async function createPair(url: string, admin: Target['admin']): Promise<Pair> {
  const person = await createPerson(url);
  const agent = await createAgent(admin.url, admin.key);
  const answer = await rest(url, 'POST', '/conversations', {
    bearer: person.access_token,
    body: { agent_id: agent.id },
  });
  if (answer.status !== 201) throw new Error(`conversation: ${JSON.stringify(answer)}`);
  return {
    conversationId: routes.createConversation.response.parse(answer.body).id,
    person: { id: person.user_id, auth: { token: person.access_token } },
    agent: { id: agent.id, auth: { api_key: agent.api_key } },
  };
}
