import { redisNames, type Conversation, type PushPlatform } from '@agent-messenger/contracts';
import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import {
  createAgent,
  createPerson,
  metricOf,
  rest,
  startPushStandins,
  startStack,
  TestSocket,
  waitFor,
  type Agent,
  type Person,
  type PushStandins,
  type ServiceName,
  type ShownNotification,
  type Stack,
} from '@agent-messenger/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Talk {
  person: Person;
  conversation: `cnv_${string}`;
  agent: Agent;
  /** The agent says something. */
  say(text: string): Promise<number>;
  register(platform: PushPlatform, more?: object): Promise<string>;
  /** What was shown about this conversation. */
  shown(): ShownNotification[];
  /** Waits until `count` were shown. */
  untilShown(count: number, timeoutMs?: number): Promise<ShownNotification[]>;
  /** Waits until the store knows that the person has received this. */
  untilReceived(seq: number): Promise<void>;
  call(method: string, path: string, body?: unknown): ReturnType<typeof rest>;
}

export interface PushStack {
  stack: Stack;
  standins: PushStandins;
  url: string;
  talk(): Promise<Talk>;
  /** Value of a metric of the push worker, 0 when it is not there. */
  metric(name: string): Promise<number>;
  admin(method: string, path: string, body?: unknown): ReturnType<typeof rest>;
  /**
   * Nobody is told anything while this goes on: what is received or read in it is so in time, however slow the machine.
   */
  beforePushes<T>(work: () => Promise<T>): Promise<T>;
  /** How many batches there have been for the platform. */
  batches(platform: PushPlatform): Promise<number>;
  /** Waits until all jobs of the platform are done. */
  untilIdle(platform: PushPlatform): Promise<void>;
  stop(): Promise<void>;
}

interface PushStackOptions {
  env?: Partial<Record<ServiceName, Record<string, string>>>;
  /** A Redis for the queues alone. */
  queueRedisUrl?: string;
}

/** A stack whose push worker reaches the stand-ins, and is in a hurry. */
export async function startPushStack({
  env = {},
  queueRedisUrl,
}: PushStackOptions = {}): Promise<PushStack> {
  const dir = mkdtempSync(join(tmpdir(), 'am-standins-'));
  const standins = await startPushStandins({ dir });
  const stack = await startStack({
    gateways: 2,
    ...(queueRedisUrl !== undefined && { queueRedisUrl }),
    env: {
      ...env,
      gateway: { REGISTRATIONS_PER_HOUR_IP: '1000', LOGINS_PER_MINUTE_IP: '1000', ...env.gateway },
      messages: { PUSH_GRACE_MS: '300', ...env.messages },
      'push-worker': {
        ...standins.env,
        PUSH_MIN_INTERVAL_MS: '300',
        PUSH_BREAKER_MS: '2000',
        ...env['push-worker'],
      },
    },
  });
  const url = stack.gateways[0]?.url ?? '';
  const names = redisNames(stack.redisPrefix);
  const scope = new Scope(silent);
  const queue = await connectRedis(queueRedisUrl ?? stack.redisUrl, {
    name: 'test',
    log: silent,
    scope,
  });
  const agent = await createAgent(url, stack.adminKey, { name: 'Ada' });
  const socket = await new TestSocket(url, '/agent', { api_key: agent.api_key }).synced();

  async function talk(): Promise<Talk> {
    const person = await createPerson(url);
    const call = (method: string, path: string, body?: unknown) =>
      rest(url, method, path, { bearer: person.access_token, ...(body !== undefined && { body }) });
    const opened = await call('POST', '/conversations', { agent_id: agent.id });
    const { id } = opened.body as Conversation;
    // Its gateway has its place in the log: what follows is delivered as the relay tells it.
    await socket.when('event', ({ conversation_id }) => conversation_id === id);
    const shown = () => standins.shown.filter(({ conversation_id }) => conversation_id === id);
    return {
      person,
      conversation: id as `cnv_${string}`,
      agent,
      call,
      shown,
      async say(text) {
        return (await socket.send(id, randomUUID(), text)).message.seq;
      },
      async register(platform, more = {}) {
        const { token, keys } = device(standins, platform);
        const body = { device_id: randomUUID(), platform, token, ...(keys && { keys }), ...more };
        const { status } = await call('POST', '/push/register', body);
        if (status !== 204) throw new Error(`register: ${status}`);
        return token;
      },
      untilShown: (count, timeoutMs = 30_000) =>
        waitFor(() => (shown().length >= count ? shown() : undefined), {
          describe: `${count} notifications; the worker said:\n${stack.logs('push-worker').slice(-3_000)}`,
          timeoutMs,
        }),
      untilReceived: (seq) =>
        waitFor(async () => {
          const { body } = await call('GET', `/conversations/${id}`);
          return (body as Conversation).delivered_seq >= seq;
        }).then(() => undefined),
    };
  }

  return {
    stack,
    standins,
    url,
    talk,
    metric: (name) => metricOf(stack.pushWorker, name),
    admin: (method, path, body) =>
      rest(url, method, path, {
        headers: { 'x-admin-key': stack.adminKey },
        ...(body !== undefined && { body }),
      }),
    async beforePushes(work) {
      stack.pushWorker.pause();
      try {
        return await work();
      } finally {
        stack.pushWorker.resume();
      }
    },
    async batches(platform) {
      const name = names.pushBatchQueue(platform);
      return Number(await queue.get(`${names.queuePrefix}:${name}:id`));
    },
    untilIdle: (platform) =>
      waitFor(async () => {
        const counts = await Promise.all(
          [names.pushQueue(platform), names.pushBatchQueue(platform)].flatMap((name) => {
            const key = (list: string) => `${names.queuePrefix}:${name}:${list}`;
            return [
              queue.llen(key('wait')),
              queue.llen(key('active')),
              queue.zcard(key('delayed')),
            ];
          }),
        );
        return counts.every((count) => count === 0);
      }).then(() => undefined),
    async stop() {
      await scope.close();
      socket.close();
      await stack.stop();
      await standins.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const silent = createLogger({ name: 'test', level: 'silent' });

/** What is left on the screens of phones: the latest of each conversation, on each device. */
export function onScreens(shown: readonly ShownNotification[]): ShownNotification[] {
  return [...new Map(shown.map((each) => [`${each.token} ${each.collapse_id}`, each])).values()];
}

/** A token as the platform's would look. */
function device(
  { webpush, vapidPublicKey }: PushStandins,
  platform: PushPlatform,
): { token: string; keys?: object } {
  if (platform === 'apns') return { token: randomBytes(32).toString('hex') };
  if (platform === 'fcm') return { token: `fcm-${randomBytes(60).toString('base64url')}` };
  const { endpoint, keys } = webpush.subscribe(vapidPublicKey);
  return { token: endpoint, keys };
}
