import { routes } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  inParallel,
  LIFTED_LIMITS,
  rest,
  type Stack,
  startStack,
} from '@agent-messenger/testkit';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connectPairs, type Pair } from './connect-pairs';
import { Latencies } from './latencies';
import type { BenchOptions } from './options';
import type { System } from './system';
import { makeWorkFolder } from './work-folder';

/** The whole stack with its limits lifted, and pairs that have a conversation each. */
export async function startOurs(
  { pairs: count, gateways, transport, cpuProf }: BenchOptions,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<System> {
  const dataDir = makeWorkFolder();
  const removeData = (): void => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  const common = { LOG_LEVEL: 'warn' };
  const profiled = (name: string) => ({ ...common, ...profile(cpuProf, name) });
  say(`ours: starting ${gateways} gateway(s) …`);
  const stack = await startStack({
    gateways,
    dataDir,
    signal,
    report: say,
    env: {
      // A socket does not outlive its token, and the bench refreshes none.
      auth: { ...common, ACCESS_TOKEN_TTL_S: '86400' },
      messages: profiled('messages'),
      'push-worker': common,
      gateway: {
        ...profiled('gateway'),
        ...LIFTED_LIMITS,
      },
    },
  }).catch((error: unknown) => {
    removeData();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await stack.stop();
    removeData();
  };
  try {
    const latencies = new Latencies();
    const broken = new AbortController();
    const pairs = await createPairs(stack, count, { signal, say });
    const members = await connectPairs(pairs, {
      urls: stack.gateways.map(({ url }) => url),
      transport,
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
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Two bcrypt hashes and a comparison each: about 0.2 s of a core for a pair. */
async function createPairs(
  stack: Stack,
  count: number,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<Pair[]> {
  const urls = stack.gateways.map(({ url }) => url);
  let done = 0;
  return inParallel(Array.from({ length: count }), async (_, index) => {
    signal.throwIfAborted();
    const url = urls[index % urls.length] ?? '';
    const pair = await createPair(url, stack.adminKey);
    done += 1;
    if (done % 25 === 0 || done === count) say(`ours: ${done} of ${count} pairs created`);
    return pair;
  });
}

async function createPair(url: string, adminKey: string): Promise<Pair> {
  const person = await createPerson(url);
  const agent = await createAgent(url, adminKey);
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

/** Node takes --cpu-prof only on its command line, --require also from the environment. */
function profile(dir: string | undefined, name: string): Record<string, string> {
  if (dir === undefined) return {};
  return {
    NODE_OPTIONS: `--require=${join(__dirname, 'cpu-profile.js')}`,
    CPU_PROFILE: join(resolve(dir), name),
  };
}
