import { connectClient, type ClientOptions } from '../src';
import { FakeGateway, USER } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

describe.each(TRANSPORTS)('over $name, a start that takes too long', ({ options: transport }) => {
  const CONNECT_MS = 1_500;
  let gateway: FakeGateway;

  beforeEach(async () => {
    gateway = new FakeGateway();
    await gateway.start();
  });
  afterEach(() => gateway.stop());

  const connect = (options: Partial<ClientOptions> = {}) =>
    connectClient({
      ...transport,
      url: gateway.url,
      username: 'ada',
      password: 'right',
      backoff: { minMs: 2, maxMs: 5 },
      connectTimeoutMs: CONNECT_MS,
      ...options,
    });
  const busy = { code: 'unavailable' as const, message: 'busy' };

  it('is given up when the first listing is not answered, and everything is closed', async () => {
    gateway.onRest = (name) => (name === 'GET /conversations' ? busy : null);
    // On a machine that is busy the time may be over before it has come to the listing.
    for (let ms = CONNECT_MS; gateway.count('GET /conversations') === 0; ms *= 2) {
      await expect(connect({ connectTimeoutMs: ms })).rejects.toMatchObject({ code: 'timeout' });
    }
    await until(() => !gateway.sockets.has(USER), 'the socket is closed');
    const asked = gateway.count('GET /conversations');
    gateway.onRest = () => null;
    const next = await connect({ connectTimeoutMs: 30_000 });
    // Listed by the second client alone.
    expect(gateway.count('GET /conversations')).toBe(asked + 1);
    await next.close({ deadlineMs: 0 });
  });

  it('is given up when no connection stands, and says why', async () => {
    gateway.onHandshake = () => ({ ...busy, retry_after_ms: 1 });
    let cause: unknown;
    // As above: there may have been no answer yet.
    for (let ms = CONNECT_MS; cause === undefined; ms *= 2) {
      const error = await connect({ connectTimeoutMs: ms }).catch((reason: Error) => reason);
      expect(error).toMatchObject({ code: 'timeout' });
      cause = (error as Error).cause;
    }
    expect(cause).toMatchObject({ code: 'unavailable' });
  });
});
