import { routes } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  type FaultProxy,
  type GatewayHandle,
  inParallel,
  LIFTED_LIMITS,
  Recorder,
  rest,
  type Stack,
  startFaultProxy,
  startStack,
} from '@agent-messenger/testkit';
import { Device } from './device';
import { Pair } from './pair';
import { createRandom } from './random';
import { Responder } from './responder';
import { Rival } from './rival';
import { transportOf, type TransportChoice } from './transports';

export const GATEWAYS = 3;
/** Short, so that a pause outlasts it and presence follows soon. */
export const LEASE_TTL_MS = 6_000;
export const SLOW_CONSUMER_MS = 4_000;
const DRAIN_SPREAD_MS = 1_500;

/** A gateway and the networks around it. */
export interface ChaosGateway {
  process: GatewayHandle;
  redis: FaultProxy;
  messages: FaultProxy;
}

export interface ChaosSystem {
  stack: Stack;
  gateways: ChaosGateway[];
  recorder: Recorder;
  pairs: Pair[];
  /** A pair whose person is behind a network of its own. */
  slow: { pair: Pair; link: FaultProxy };
  rivals: Rival[];
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
  signal: AbortSignal;
  say: (line: string) => void;
}

/** The whole stack with faulty networks, and people and agents who are connected and silent. */
export async function startChaosSystem(options: SystemOptions): Promise<ChaosSystem> {
  const { dataDir, seed, transport, signal, say } = options;
  const stack = await startStack({
    gateways: 0,
    dataDir,
    signal,
    env: {
      messages: { LOG_LEVEL: 'info' },
      gateway: {
        LEASE_TTL_MS: `${LEASE_TTL_MS}`,
        SLOW_CONSUMER_MS: `${SLOW_CONSUMER_MS}`,
        DRAIN_SPREAD_MS: `${DRAIN_SPREAD_MS}`,
        ...LIFTED_LIMITS,
      },
    },
  });
  const proxies: FaultProxy[] = [];
  const members: { close(): Promise<unknown> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(members.map((each) => each.close()));
    // A network that is cut would hold up the drain.
    for (const proxy of proxies) proxy.heal();
    await stack.stop();
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
      const messages = await proxyTo(stack.messages.internalUrl);
      const process = await stack.addGateway({
        env: {
          REDIS_URL: `redis://127.0.0.1:${redis.port}`,
          MESSAGES_URL: `http://127.0.0.1:${messages.port}`,
        },
      });
      gateways.push({ process, redis, messages });
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

    async function createPair(name: string, index: number, personUrls: string[]): Promise<Pair> {
      const { id: conversation, person, agent } = await createConversation(`${name} agent`);
      const responder = await Responder.connect({
        identity: agent.id,
        apiKey: agent.api_key,
        conversation,
        person: person.user_id,
        urls: rotated(urls, index),
        transport: transportOf(transport, seed + index),
        recorder,
      });
      members.push(responder.agent);
      const pair = new Pair({
        name,
        conversation,
        person: person.user_id,
        responder,
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
            onAnswer: (clientId) => pair.noteAnswer(clientId),
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

    say(`creating ${options.pairs} pairs …`);
    const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
    // The next gateway but one first: the two sides of a pair are on different gateways.
    const pairs = await inParallel(indexes(options.pairs), (index) =>
      createPair(`pair${index}`, index, rotated(urls, index + 1)),
    );
    const link = await proxyTo(firstUrl);
    const slowPair = await createPair('slow', 1, [`http://127.0.0.1:${link.port}`]);
    const rivals = await inParallel(indexes(options.rivals), createRival);
    return {
      stack,
      gateways,
      recorder,
      pairs,
      slow: { pair: slowPair, link },
      rivals,
      conversations,
      signal,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
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
