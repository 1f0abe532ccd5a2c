import { connectRedis } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { silent } from './fakes';
import { useLimits } from './limits-setup';
import { RawSocket } from './raw-socket';

const setting = useLimits();
const { limited } = setting;

const transports = {
  socket: {
    path: '/socket.io/?EIO=4&transport=websocket',
    credentials: (auth: object) => `40/client,${JSON.stringify(auth)}`,
  },
  plain: {
    path: '/client/connect',
    credentials: (auth: object) => JSON.stringify({ type: 'auth', data: auth }),
  },
};

describe.each(['socket', 'plain'] as const)('%s', (transport) => {
  const { path, credentials } = transports[transport];

  test('an attempt counts at its upgrade, however far it goes, unless it is found wrong; beyond the bound there is no upgrade', async () => {
    const gateway = await limited({ CONNECTS_PER_MINUTE_IP: '4' });
    for (let n = 0; n < 3; n += 1) (await RawSocket.connect(gateway, path)).socket.terminate();
    await setting.harness[transport](gateway, '/client', { token: 'garbage' }).refused();
    const token = setting.harness.token('usr_1');
    await setting.harness[transport](gateway, '/client', { token }).synced();
    const { status, headers, problem } = await RawSocket.refused(gateway, path);
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(problem).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(problem.retry_after_ms).toBeGreaterThan(0);
  });

  test('what was wrong is given back to the minute in which it was counted, and to none after it', async () => {
    const gateway = await limited({ CONNECTS_PER_MINUTE_IP: '9' });
    const { redis: server, scope } = setting.harness;
    const redis = await connectRedis(server.url, { name: 'test', log: silent, scope });
    const counted = `${setting.prefix()}:limit:connects:127.0.0.1`;
    // The rest of a minute.
    await redis.set(counted, 0, 'PX', 1_000);
    const raw = await RawSocket.connect(gateway, path);
    expect(await redis.get(counted)).toBe('1');
    await waitFor(async () => (await redis.exists(counted)) === 0);
    raw.send(credentials({ token: 'garbage' }));
    await raw.frame((text) => text.includes('"unauthorized"'));
    expect(await redis.get(counted)).toBeNull();
    raw.socket.terminate();
  });
});
