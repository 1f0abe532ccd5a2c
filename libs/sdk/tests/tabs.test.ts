import {
  connectClient,
  createRest,
  type Client,
  type ClientOptions,
  type KeptTokens,
} from '../src';
import { PersonTokens } from '../src/login/person-credentials';
import { Disk } from './disk';
import { FakeGateway } from './fake-gateway';

let gateway: FakeGateway;
const open: Client[] = [];

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.start();
  const used = new Set<unknown>();
  // As strict as can be: no token works twice.
  gateway.onRest = (path) => {
    if (path !== 'POST /auth/refresh') return null;
    const { refresh_token } = gateway.seen.at(-1)?.data as { refresh_token: string };
    if (used.has(refresh_token)) return { code: 'unauthorized', message: 'used' };
    used.add(refresh_token);
    return null;
  };
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close({ deadlineMs: 0 })));
  await gateway.stop();
});

const login = { username: 'ada', password: 'right' };
async function connect(options: Partial<ClientOptions>): Promise<Client> {
  const client = await connectClient({ url: gateway.url, ...options });
  open.push(client);
  return client;
}
const list = (client: Client) => client.rest.request('listConversations', { query: {} });

it('tabs with one storage share the login, whichever of them refreshes', async () => {
  const storage = new Disk();
  // Each request needs a new token.
  gateway.expiresIn = 0;
  const tabs = [await connect({ ...login, storage }), await connect({ storage })];
  for (let turn = 0; turn < 6; turn++) await list(tabs[turn % 2] as Client);
  const reloaded = await connect({ storage });
  await list(reloaded);
  expect(gateway.count('POST /auth/login')).toBe(1);
});

it('a tab that was given tokens takes newer ones of the same person from the storage', async () => {
  const storage = new Disk();
  let given: KeptTokens | undefined;
  await connect({ ...login, onTokens: (tokens) => (given = { ...tokens, expires_in: 0 }) });
  gateway.expiresIn = 0;
  const tabs = [
    await connect({ tokens: given as KeptTokens, storage }),
    await connect({ tokens: given as KeptTokens, storage }),
  ];
  for (let turn = 0; turn < 4; turn++) await list(tabs[turn % 2] as Client);
});

it('tokens that were given are kept for a start without any, though none was fetched', async () => {
  const storage = new Disk();
  let tokens: KeptTokens | undefined;
  await connect({ ...login, onTokens: (newest) => (tokens = newest) });
  await connect({ tokens: tokens!, storage });
  await list(await connect({ storage }));
  expect(gateway.count('POST /auth/login')).toBe(1);
});

it('without a storage a tab that was replaced shows no refresh token that the other one may have used', async () => {
  let tokens: KeptTokens | undefined;
  const onTokens = (newest: KeptTokens) => (tokens = newest);
  await (await connect({ ...login, onTokens })).close();
  // Each request needs a new token.
  gateway.expiresIn = 0;
  const first = await connect({ tokens: { ...tokens!, expires_in: 0 }, onTokens });
  const replaced = new Promise<void>((resolve) => first.on('replaced', resolve));
  const second = await connect({ tokens: tokens!, onTokens });
  await replaced;
  await expect(list(first)).rejects.toMatchObject({ code: 'replaced' });
  await list(second);
});

it('what another tab has just fetched is used as it is', async () => {
  const storage = new Disk();
  const rest = createRest(gateway.url);
  const first = new PersonTokens(login, storage);
  const old = (await first.fetch(rest)) as KeptTokens;
  const newer = await first.fetch(rest);
  const second = new PersonTokens({ tokens: old }, storage);
  await expect(second.fetch(rest)).resolves.toMatchObject({ access_token: newer.access_token });
  expect(gateway.count('POST /auth/refresh')).toBe(1);
});

it('tokens of somebody else in the storage are left alone', async () => {
  const storage = new Disk();
  const tokens = {
    user_id: 'usr_2',
    refresh_token: 'of-another',
    access_token: 'x',
    expires_in: 60,
  };
  const pair = JSON.stringify({ tokens, expiresAt: Date.now() + 60_000 });
  await storage.set('agent-messenger:tokens', pair);
  gateway.expiresIn = 0;
  await list(await connect({ ...login, storage }));
  expect(JSON.stringify(gateway.seen)).not.toContain('of-another');
});

it('a login that has ended asks for credentials, and a logout leaves nothing to use', async () => {
  const storage = new Disk();
  const client = await connect({ ...login, storage });
  await client.logout();
  await expect(connect({ storage })).rejects.toMatchObject({ code: 'unauthorized' });
});

/** A runtime with locks, which it gives out so. */
async function withLocks(request: unknown, work: () => Promise<void>): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', {
    value: { locks: { request } },
    configurable: true,
  });
  try {
    await work();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

it('a tab that waits too long for another one to refresh says so, and may try again', async () => {
  const request = () => Promise.reject(new DOMException('in vain', 'TimeoutError'));
  await withLocks(request, async () => {
    const tokens = new PersonTokens(login, new Disk());
    const fetched = tokens.fetch(createRest(gateway.url));
    await expect(fetched).rejects.toMatchObject({ code: 'timeout' });
  });
});

it('with locks of the runtime one refreshes, and the others take what it got', async () => {
  let last: Promise<unknown> = Promise.resolve();
  const request = <T>(_name: string, _how: LockOptions, work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  await withLocks(request, async () => {
    const storage = new Disk();
    const rest = createRest(gateway.url);
    const tokens = (await new PersonTokens(login, storage).fetch(rest)) as KeptTokens;
    const tabs = [1, 2, 3].map(() => new PersonTokens({ tokens }, storage));
    const fetched = await Promise.all(tabs.map((tab) => tab.fetch(rest)));
    expect(new Set(fetched.map(({ access_token }) => access_token)).size).toBe(1);
    expect(gateway.count('POST /auth/refresh')).toBe(1);
  });
});
