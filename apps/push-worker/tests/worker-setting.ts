import type { PushPlatform } from '@agent-messenger/contracts';
import { createLogger, Scope } from '@agent-messenger/service-kit';
import { startRedis, type RedisProcess } from '@agent-messenger/testkit';
import {
  FakeProvider,
  openQueue,
  startFakeMessages,
  startTestWorker,
  type FakeMessages,
} from './setup';

/** A Redis and a messages service for the tests of a file; workers that are still open are closed after the last. */
export function useWorkerSetting() {
  const scope = new Scope(createLogger({ name: 'test', level: 'silent' }));
  let redis: RedisProcess;
  let messages: FakeMessages;
  beforeAll(async () => {
    redis = await startRedis();
    scope.defer('redis', () => redis.stop());
    messages = await startFakeMessages();
    scope.defer('messages', () => messages.close());
  });
  afterAll(() => scope.close());
  /** What a worker has to know; `prefix` is that of its keys. */
  const env = (prefix: string) => ({
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: prefix,
  });
  return {
    get redis() {
      return redis;
    },
    get messages() {
      return messages;
    },
    env,
    /** A worker and a queue of their own. */
    async start(prefix: string, more: Record<string, string> = {}, platforms?: PushPlatform[]) {
      const provider = new FakeProvider();
      const worker = await startTestWorker({ ...env(prefix), ...more }, provider, platforms);
      const { queue, add } = openQueue(redis.url, prefix);
      const close = async () => {
        await queue.close();
        await worker.close();
      };
      scope.defer('worker', close);
      return { provider, worker, queue, add, close };
    },
  };
}
