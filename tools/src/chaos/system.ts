import { routes } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  type FaultProxy,
  findRoot,
  type GatewayHandle,
  hasPythonWith,
  inParallel,
  LIFTED_LIMITS,
  LIFTED_QUOTAS,
  Recorder,
  rest,
  type Stack,
  startFaultProxy,
  startStack,
} from '@agent-messenger/testkit';
import { entriesOf } from '../bench/target';
import { languageOf, startAgent, type Language } from './agents/start-agent';
import { ownDatabase, startDatabase, type ChaosDatabase } from './database';
import { Device } from './device';
import { Pair } from './pair';
import { createRandom } from './random';
import { Rival } from './rival';
import type { FaultName } from './schedule';
import { transportOf, type TransportChoice } from './transports';

export const GATEWAYS = 3;
/** Short, so that a pause outlasts it and presence follows soon. */
export const LEASE_TTL_MS = 6_000;
export const SLOW_CONSUMER_MS = 4_000;
const DRAIN_SPREAD_MS = 1_500;

/** A gateway and the networks around it. */
export interface ChaosGateway {
  process: GatewayHandle;
  redis: FaultProxy[];
  /** To each replica. */
  messages: FaultProxy[];
}

export interface ChaosSystem {
  stack: Stack;
  database: Pick<ChaosDatabase, 'kill' | 'start' | 'failOver'>;
  /** The programs of the services in both versions, which are the same where none was named. */
  builds: Record<'old' | 'new', ReturnType<typeof entriesOf>>;
  gateways: ChaosGateway[];
  recorder: Recorder;
  pairs: Pair[];
  /** A pair whose person is behind a network of its own. */
  slow: { pair: Pair; link: FaultProxy };
  rivals: Rival[];
  /** Of the agents of `pairs`. */
  languages: readonly Language[];
  /** All conversations, with who may read them. */
  conversations: { id: string; reader: { username: string; password: string } }[];
  signal: AbortSignal;
  stop(): Promise<void>;
}

export interface SystemOptions {
  dataDir: string;
  seed: number;
  pairs: number;
  rivals: number;
  transport: TransportChoice;
  store: 'sqlite' | 'postgres';
  /** Of messages. */
  replicas: number;
  pgbouncer: boolean;
  faults: readonly FaultName[];
  /** Folder of another checkout that has been built, with which the run begins. */
  upgradeFrom?: string | undefined;
  signal: AbortSignal;
  say: (line: string) => void;
}

/** The whole stack with faulty networks, and people and agents who are connected and silent. */
export async function startChaosSystem(options: SystemOptions): Promise<ChaosSystem> {
  const { dataDir, seed, transport, signal, say } = options;
  const given = await startDatabase(options);
  const builds = { old: entriesOf(options.upgradeFrom ?? findRoot()), new: entriesOf(findRoot()) };
  const stack = await startStack({
    gateways: 0,
    messages: options.replicas,
    store: options.store,
    dataDir,
    signal,
    entries: builds.old,
    ...(given && { databaseUrl: given.url }),
    env: {
      messages: { LOG_LEVEL: 'info', ...LIFTED_QUOTAS, ...given?.env },
      gateway: {
        LEASE_TTL_MS: `${LEASE_TTL_MS}`,
        SLOW_CONSUMER_MS: `${SLOW_CONSUMER_MS}`,
        DRAIN_SPREAD_MS: `${DRAIN_SPREAD_MS}`,
        ...LIFTED_LIMITS,
      },
    },
  }).catch(async (error: unknown) => {
    await given?.stop();
    throw error;
  });
  const proxies: FaultProxy[] = [];
  const members: { close(): Promise<unknown> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(members.map((each) => each.close()));
    // A network that is cut would hold up the drain.
    for (const proxy of proxies) proxy.heal();
    await stack.stop();
    await given?.stop();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  };
  const proxyTo = async (url: string): Promise<FaultProxy> => {
    const proxy = await startFaultProxy({ target: Number(new URL(url).port) });
    proxies.push(proxy);
    return proxy;
  };

  try {
    const gateways: ChaosGateway[] = [];
    for (let n = 0; n < GATEWAYS; n += 1) {
      const redis = await proxyTo(stack.redisUrl);
      const messages = await Promise.all(
        stack.replicas.map(({ internalUrl }) => proxyTo(internalUrl)),
      );
      const process = await stack.addGateway({
        env: {
          REDIS_URL: withPort(stack.redisUrl, redis.port),
          MESSAGES_URL: messages.map(({ port }) => `http://127.0.0.1:${port}`).join(),
        },
      });
      gateways.push({ process, redis: [redis], messages });
    }
    const urls = gateways.map(({ process }) => process.url);
    const [firstUrl = ''] = urls;
    const recorder = new Recorder();
    const conversations: ChaosSystem['conversations'] = [];

    async function createConversation(name: string) {
      const person = await createPerson(firstUrl);
      const agent = await createAgent(firstUrl, stack.adminKey, { name });
      const { username, password, access_token } = person;
      const id = await openConversation(firstUrl, access_token, agent.id);
      conversations.push({ id, reader: { username, password } });
      return { id, person, agent };
    }

    async function createPair(
      name: string,
      index: number,
      personUrls: string[],
      language: Language,
    ): Promise<Pair> {
      const { id: conversation, person, agent } = await createConversation(`${name} agent`);
      const chaosAgent = await startAgent(
        language,
        {
          identity: agent.id,
          apiKey: agent.api_key,
          conversation,
          person: person.user_id,
          urls: rotated(urls, index),
          transport: transportOf(transport, seed + index),
          recorder,
        },
        dataDir,
      );
      members.push(chaosAgent);
      const pair = new Pair({
        name,
        conversation,
        person: person.user_id,
        agent: chaosAgent,
        random: createRandom(seed + index + 1),
        now: () => recorder.now,
      });
      pair.devices = ['phone', 'laptop'].map(
        (kind, n) =>
          new Device({
            name: `${name} ${kind}`,
            identity: person.user_id,
            credentials: { username: person.username, password: person.password },
            conversation,
            agent: agent.id,
            urls: personUrls,
            // Both sides of a pair alike and different, and a take-over goes from one transport to the other.
            transport: transportOf(transport, seed + Math.floor(index / 2) + n),
            recorder,
            onMessage: (message) => pair.note(message),
          }),
      );
      members.push(...pair.devices);
      await pair.devices[0]?.login(signal);
      return pair;
    }

    async function createRival(index: number): Promise<Rival> {
      const { id: conversation, agent } = await createConversation(`rival${index}`);
      const rival = new Rival({
        agent,
        conversation,
        urls: rotated(urls, index),
        transport,
        recorder,
      });
      members.push({ close: async () => rival.stop() });
      return rival;
    }

    const isPythonHere = hasPythonWith('websockets');
    if (!isPythonHere) say('no agents in Python: this machine has no Python 3.11 with websockets');
    const languages = Array.from({ length: options.pairs }, (_, index) =>
      languageOf(index, isPythonHere),
    );
    say(`creating ${options.pairs} pairs …`);
    const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
    // The next gateway but one first: the two sides of a pair are on different gateways.
    const pairs = await inParallel(indexes(options.pairs), (index) =>
      createPair(`pair${index}`, index, rotated(urls, index + 1), languages[index] ?? 'typescript'),
    );
    const link = await proxyTo(firstUrl);
    const slowUrls = [`http://127.0.0.1:${link.port}`];
    const slowPair = await createPair('slow', 1, slowUrls, 'typescript');
    const rivals = await inParallel(indexes(options.rivals), createRival);
    return {
      stack,
      database: given ?? ownDatabase(stack),
      builds,
      gateways,
      recorder,
      pairs,
      slow: { pair: slowPair, link },
      rivals,
      languages,
      conversations,
      signal,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The same URL, credentials included, at another port. */
function withPort(url: string, port: number): string {
  const moved = new URL(url);
  moved.port = `${port}`;
  return moved.href;
}

async function openConversation(url: string, bearer: string, agentId: string): Promise<string> {
  const answer = await rest(url, 'POST', '/conversations', { bearer, body: { agent_id: agentId } });
  if (answer.status !== 201) throw new Error(`conversation: ${JSON.stringify(answer)}`);
  return routes.createConversation.response.parse(answer.body).id;
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
