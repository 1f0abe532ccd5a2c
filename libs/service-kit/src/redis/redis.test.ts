import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import pino from 'pino';
import { AppError } from '../app-error';
import { Scope } from '../scope';
import { needingRedis, openRedis, reconnectDelay } from './redis';
import { redisOptions } from './redis-target';

const failing = (message: string) => needingRedis(Promise.reject(new Error(message)));

test.each([
  'Connection is closed.',
  'Command timed out',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.',
  'connect ECONNREFUSED 127.0.0.1:6379',
  'getaddrinfo ENOTFOUND redis',
  'read ECONNRESET',
  'LOADING Redis is loading the dataset in memory',
  "OOM command not allowed when used memory > 'maxmemory'.",
])('without Redis it is unavailable: %s', async (message) => {
  await expect(failing(message)).rejects.toMatchObject({
    code: 'unavailable',
    retryAfterMs: 2_000,
  });
});

test('answers, refusals and bugs stay what they are', async () => {
  await expect(needingRedis(Promise.resolve(1))).resolves.toBe(1);
  const refusal = new AppError('invalid_payload', 'No.');
  await expect(needingRedis(Promise.reject(refusal))).rejects.toBe(refusal);
  await expect(failing('ERR wrong number of arguments')).rejects.not.toHaveProperty('code');
});

test('however long it was away, it is tried again within 2 s, and its sentinels within 1 s', () => {
  const { sentinelRetryStrategy } = redisOptions({ url: 'redis+sentinel://one/name' });
  for (const attempt of [1, 2, 7, 100, 10_000]) {
    expect(reconnectDelay(attempt)).toBeGreaterThan(0);
    expect(reconnectDelay(attempt)).toBeLessThanOrEqual(2_000);
    expect(sentinelRetryStrategy?.(attempt)).toBeLessThanOrEqual(1_000);
  }
});

test('one that is closed while Redis is away leaves nothing that keeps the process', async () => {
  const server = createServer((socket: Socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const log = pino({ level: 'silent' });
  const scope = new Scope(log);
  const { port } = server.address() as AddressInfo;
  const redis = openRedis(`redis://127.0.0.1:${port}`, { name: 'test', log, scope });
  await new Promise((resolve) => redis.once('reconnecting', resolve));
  const made = jest.spyOn(globalThis, 'setTimeout');
  const cleared = jest.spyOn(globalThis, 'clearTimeout');
  await scope.close();
  const timers = made.mock.results.map(({ value }) => value as NodeJS.Timeout);
  expect(cleared.mock.calls.map(([timer]) => timer)).toEqual(expect.arrayContaining(timers));
  jest.restoreAllMocks();
  server.close();
  await once(server, 'close');
});
