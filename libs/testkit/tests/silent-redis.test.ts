import { createLogger, RedisEndpoint, Scope } from '@agent-messenger/service-kit';
import { startFaultProxy } from '../src/fault-proxy';
import { startRedis, type RedisProcess } from '../src/redis-process';
import { waitFor } from '../src/wait-for';

const log = createLogger({ name: 'test', level: 'silent' });
let scope: Scope;
let server: RedisProcess;

beforeEach(async () => {
  scope = new Scope(log);
  server = await startRedis();
});
afterEach(async () => {
  await scope.close();
  await server.stop();
});

test.each([
  ['that waits as long as others', {}],
  // As the subscriber of what may be lost.
  ['that queues what it cannot send', { enableOfflineQueue: true, maxRetriesPerRequest: null }],
  ['that waits for a moment only', { commandTimeout: 500 }],
])(
  'an idle connection on which nothing arrives any more connects anew: one %s',
  async (_, options) => {
    const target = { url: server.url };
    const endpoint = new RedisEndpoint(target, {
      ...{ role: 'live', prefix: 'am', channels: true },
      ...{ log, scope },
    });
    const way = await startFaultProxy({ target: server.port });
    scope.defer('proxy', () => way.close());
    const first = await endpoint.connect('first');
    const idle = await endpoint.connect('idle', { ...options, port: way.port });
    const heard: string[] = [];
    idle.on('message', (_channel: string, text: string) => heard.push(text));
    await idle.subscribe('news');
    const { stream } = idle;
    // What is sent is not refused, and what is answered does not come.
    way.halfOpen();
    await waitFor(() => stream.destroyed, { timeoutMs: 30_000, describe: 'its end' });
    way.heal();
    await waitFor(async () => {
      await first.publish('news', 'again');
      return heard.length > 0;
    });
    expect(first.status).toBe('ready');
  },
);
