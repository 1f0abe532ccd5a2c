import { createLogger, RedisEndpoint, Scope } from '@agent-messenger/service-kit';
import { startFaultProxy, type FaultProxy } from '../src/fault-proxy';
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

function createEndpoint(): RedisEndpoint {
  const target = { url: server.url };
  return new RedisEndpoint(target, {
    ...{ role: 'live', prefix: 'am', channels: true },
    ...{ log, scope },
  });
}

async function startWay(): Promise<FaultProxy> {
  const way = await startFaultProxy({ target: server.port });
  scope.defer('proxy', () => way.close());
  return way;
}

test.each([
  ['that waits as long as others', {}],
  // As the subscriber of what may be lost.
  ['that queues what it cannot send', { enableOfflineQueue: true, maxRetriesPerRequest: null }],
  ['that waits for a moment only', { commandTimeout: 500 }],
  ['that sends together what is asked in one turn', { enableAutoPipelining: true }],
])(
  'an idle connection on which nothing arrives any more connects anew: one %s',
  async (_, options) => {
    const endpoint = createEndpoint();
    const way = await startWay();
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

test('a connection whose answers come later than it waits for them is not silent', async () => {
  const endpoint = createEndpoint();
  const [slowWay, silentWay] = [await startWay(), await startWay()];
  await endpoint.connect('first');
  const slow = await endpoint.connect('slow', { port: slowWay.port, commandTimeout: 600 });
  const silent = await endpoint.connect('silent', { port: silentWay.port });
  const streams = { slow: slow.stream, silent: silent.stream };
  slowWay.latency(650);
  silentWay.halfOpen();
  await waitFor(() => streams.silent.destroyed, { timeoutMs: 30_000, describe: 'its end' });
  expect(streams.slow.destroyed).toBe(false);
});
