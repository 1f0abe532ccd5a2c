import { pushDeduplicationId, redisNames, type PushJob } from '@agent-messenger/contracts';
import { connectClient, createRest } from '@agent-messenger/sdk';
import { connectRedis, createLogger, failedAttemptsKey, Scope } from '@agent-messenger/service-kit';
import {
  createAgent,
  createPerson,
  startStack,
  TestSocket,
  waitFor,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { Queue } from 'bullmq';
import { everythingIn } from './redis-contents';

type Redis = Awaited<ReturnType<typeof connectRedis>>;

const log = createLogger({ name: 'test', level: 'silent' });
const scope = new Scope(log);
let stack: Stack;
let url: string;
let redis: Redis;
let queue: Queue<PushJob>;

beforeAll(async () => {
  // Short, for what ends with it; what a busy machine keeps.
  stack = await startStack({ env: { gateway: { LEASE_TTL_MS: '15000' } } });
  url = stack.gateways[0]!.url;
  redis = await connectRedis(stack.redisUrl, { name: 'test', log, scope });
  const names = redisNames(stack.redisPrefix);
  queue = new Queue(names.pushQueue('fcm'), { connection: redis, prefix: names.queuePrefix });
  scope.defer('queue', () => queue.close());
}, 60_000);
afterAll(async () => {
  await scope.close();
  await stack.stop();
}, 60_000);

/** A pushed message that waits, in a state in which a worker does not look at it. */
async function pushes(user_id: string): Promise<void> {
  for (const name of ['one', 'two']) {
    const job: PushJob = { user_id, conversation_id: 'cnv_1', device_id: name };
    const id = pushDeduplicationId(job);
    for (let times = 0; times < 2; times += 1) {
      await queue.add('push', job, {
        delay: 3_600_000,
        deduplication: { id, keepLastIfActive: true },
      });
    }
  }
}

async function leaveTraces(person: Person) {
  const agent = await createAgent(url, stack.adminKey);
  const client = await connectClient({
    url,
    username: person.username,
    password: person.password,
  });
  const rest = createRest(url);
  const bearer = { bearer: person.access_token };
  const conversation = await rest.request(
    'createConversation',
    { body: { agent_id: agent.id as `agt_${string}` } },
    bearer,
  );
  await rest.request(
    'sendMessage',
    {
      params: { conversation_id: conversation.id },
      body: { client_id: 'rest', content: 'by REST' },
    },
    bearer,
  );
  await rest.request('listConversations', { query: {} }, bearer);
  const writer = await new TestSocket(url, '/agent', { api_key: agent.api_key }).synced();
  const stream = { conversation_id: conversation.id as `cnv_${string}`, stream_id: 'unfinished' };
  await writer.request('stream:start', stream);
  await writer.request('stream:append', { ...stream, offset: 0, text: 'what only they may read' });
  await waitFor(async () => (await everythingIn(redis)).includes('what only they may read'));
  scope.defer('agent', () => writer.close());
  const wrong = rest.request('login', {
    body: { username: person.username, password: 'some other password' },
  });
  await expect(wrong).rejects.toMatchObject({ code: 'unauthorized' });
  await pushes(person.user_id);
  return client;
}

/** What there is of the person: its id anywhere, and the keys that are made of its name. */
async function tracesOf({ user_id, username }: Person): Promise<string[]> {
  const all = (await everythingIn(redis)).split('\n');
  // A key and its value are two lines.
  const lines = all.flatMap((key, index) => {
    const entry = `${key} ${all[index + 1]}`;
    return index % 2 === 0 && entry.includes(user_id) ? [entry] : [];
  });
  const keys = [
    failedAttemptsKey(stack.redisPrefix, 'account', username),
    failedAttemptsKey(stack.redisPrefix, 'person', user_id),
  ];
  for (const key of keys) if ((await redis.exists(key)) === 1) lines.push(key);
  return lines;
}

test.each(['an operator', 'the person itself'])(
  'Redis has nothing of a person that %s erased',
  async (who) => {
    const person = await createPerson(url);
    const other = await createPerson(url);
    await pushes(other.user_id);
    const client = await leaveTraces(person);
    const before = (await tracesOf(person)).join('\n');
    for (const kind of [
      'lease',
      'limit',
      'presence:expiry',
      'bull:push-fcm:de',
      'bull:push-fcm:events',
      'failed',
      'stream:',
      'streams:',
    ]) {
      expect(before).toContain(kind);
    }

    const ended = new Promise((resolve) => client.on('ended', resolve));
    if (who === 'an operator') {
      await createRest(url).request(
        'eraseUser',
        { params: { user_id: person.user_id as `usr_${string}` } },
        { adminKey: stack.adminKey },
      );
    } else {
      await createRest(url).request(
        'deleteAccount',
        { body: { password: person.password } },
        { bearer: person.access_token },
      );
    }
    await ended;
    await waitFor(async () => (await tracesOf(person)).length === 0, { timeoutMs: 60_000 });
    expect(await everythingIn(redis)).not.toContain('what only they may read');
    // Of others everything is there.
    expect((await tracesOf(other)).join('\n')).toContain('bull');
    await client.close({ deadlineMs: 0 });
  },
  120_000,
);
