import { AppError } from './errors';
import { needingRedis } from './redis';

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
