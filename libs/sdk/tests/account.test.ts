import { connectClient, type Client, type ClientOptions, type KeptTokens } from '../src';
import { Disk } from './disk';
import { FakeGateway, USER } from './fake-gateway';
import { until } from './until';

const backoff = { minMs: 2, maxMs: 5 };
let gateway: FakeGateway;
const open: Client[] = [];

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.start();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close({ deadlineMs: 0 })));
  await gateway.stop();
});

const credentials = { username: 'ada', password: 'right' };
async function connect(options: Partial<ClientOptions>): Promise<Client> {
  const client = await connectClient({ url: gateway.url, backoff, ...options });
  open.push(client);
  return client;
}

const bodies = (name: string) =>
  gateway.seen.filter((each) => each.name === name).map(({ data }) => data);
/** Neither the kept access token nor the refresh token is good any more. */
function endSession(): void {
  gateway.tokens.clear();
  gateway.onRest = (path) =>
    path === 'POST /auth/refresh' ? { code: 'unauthorized', message: 'no' } : null;
}

describe('the device token', () => {
  it('comes with the tokens, refreshed ones too, and goes with the next login', async () => {
    const kept: KeptTokens[] = [];
    const onTokens = (tokens: KeptTokens) => kept.push(tokens);
    const client = await connect({ ...credentials, onTokens });
    gateway.tokens.clear();
    gateway.socket(USER).cut();
    await until(() => kept.length === 2, 'a refresh');
    expect(kept.map(({ device_token }) => device_token)).toEqual(['device-1', 'device-1']);
    await client.close();

    endSession();
    await connect({ ...credentials, tokens: kept[1] as KeptTokens });
    expect(bodies('POST /auth/login')).toEqual([
      credentials,
      { ...credentials, device_token: 'device-1' },
    ]);
  });

  it('is kept in the storage of the device, and replaced by a newer one', async () => {
    const storage = new Disk();
    for (let n = 0; n < 3; n++) await (await connect({ ...credentials, storage })).close();
    const sent = bodies('POST /auth/login').map(
      (body) => (body as { device_token?: string }).device_token,
    );
    expect(sent).toEqual([undefined, 'device-1', 'device-2']);
  });

  it('is not needed: a storage that fails prevents no login', async () => {
    const storage = new Disk();
    const fail = () => Promise.reject(new Error('full'));
    const get = storage.get.bind(storage);
    storage.get = (key) => (key.endsWith(':device') ? fail() : get(key));
    storage.set = fail;
    await expect(connect({ ...credentials, storage })).resolves.toBeDefined();
  });
});

describe('the password', () => {
  it('is changed, and the new one is used from then on', async () => {
    const client = await connect(credentials);
    const change = { current_password: 'right', new_password: 'better' };
    await client.changePassword(change);
    expect(bodies('POST /auth/password')).toEqual([change]);
    endSession();
    const connected = new Promise((resolve) => client.on('connected', resolve));
    gateway.socket(USER).cut();
    await connected;
    expect(bodies('POST /auth/login')[1]).toMatchObject({ password: 'better' });
  });

  it.each([
    [
      'POST /auth/password',
      (client: Client) =>
        client.changePassword({ current_password: 'wrong', new_password: 'better' }),
    ],
    ['DELETE /auth/user', (client: Client) => client.deleteAccount('wrong')],
  ])('is not tried again when it was wrong: %s', async (path, request) => {
    const client = await connect(credentials);
    gateway.onRest = (name) => (name === path ? { code: 'unauthorized', message: 'no' } : null);
    await expect(request(client)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(gateway.count(path)).toBe(1);
    expect(gateway.count('POST /auth/refresh')).toBe(0);
    expect(client.conversations()).toHaveLength(1);
  });
});

describe('the end', () => {
  it.each([
    [{}, false],
    [{ everywhere: true }, true],
  ])('of the login: logout(%j)', async (options, everywhere) => {
    const client = await connect(credentials);
    await client.logout(options);
    expect(bodies('POST /auth/logout')).toEqual([{ refresh_token: 'refresh-1', everywhere }]);
    await until(() => !gateway.sockets.has(USER), 'disconnected');
  });

  it('of the account', async () => {
    const client = await connect(credentials);
    await client.deleteAccount('right');
    expect(bodies('DELETE /auth/user')).toEqual([{ password: 'right' }]);
    await until(() => !gateway.sockets.has(USER), 'disconnected');
  });
});
