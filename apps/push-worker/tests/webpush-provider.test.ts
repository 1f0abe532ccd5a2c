import {
  browser,
  notification,
  startProviderSetup,
  verdictOf,
  type ProviderSetup,
} from './provider-setup';

let setup: ProviderSetup;
beforeAll(async () => {
  setup = await startProviderSetup();
});
afterAll(() => setup.stop());
afterEach(() => setup.standins.webpush.faults.none());

test('lasts as long as the message is news', async () => {
  const expiresAt = new Date(Date.now() + 7_200_000);
  const provider = await setup.create('webpush');
  const what = notification({ conversation_id: 'cnv_ttl', expiresAt });
  const from = Date.now();
  await provider.send(what, browser(setup.standins));
  // What is sent is a whole number of seconds, which begin when it arrives.
  const onTheWayMs = Date.now() - from;
  const [shown] = setup.shown('cnv_ttl');
  const lateMs = (shown?.expires_at ?? 0) - expiresAt.getTime();
  expect(Math.abs(lateMs)).toBeLessThanOrEqual(onTheWayMs + 1_000);
  expect(shown).toMatchObject({ title: 'Echo', body: 'hello', badge: 1, seq: 2, urgent: true });
  expect(setup.standins.webpush.complaints).toEqual([]);
});

test('is declarative too when it is known where a click leads', async () => {
  const dataOf = async (conversation_id: string, env: Record<string, string>) => {
    const provider = await setup.create('webpush', env);
    await provider.send(notification({ conversation_id }), browser(setup.standins));
    return JSON.parse(setup.shown(conversation_id)[0]?.data ?? '') as object;
  };
  const forWorkers = { title: 'Echo', body: 'hello', badge: 1, seq: 2 };
  const plain = { ...forWorkers, tag: 'cnv_plain', conversation_id: 'cnv_plain' };
  expect(await dataOf('cnv_plain', {})).toEqual(plain);
  const WEBPUSH_NAVIGATE = 'https://chat.example/am/#{conversation_id}';
  expect(await dataOf('cnv_both', { WEBPUSH_NAVIGATE })).toEqual({
    ...forWorkers,
    tag: 'cnv_both',
    conversation_id: 'cnv_both',
    web_push: 8030,
    notification: {
      title: 'Echo',
      body: 'hello',
      dir: 'auto',
      tag: 'cnv_both',
      renotify: true,
      navigate: 'https://chat.example/am/#cnv_both',
    },
    app_badge: 1,
  });
});

test('devices belong to the server that the list of origins names', async () => {
  const { origin } = setup.standins.webpush;
  const provider = await setup.create('webpush', {
    WEBPUSH_ORIGINS: `${origin},https://push.example,https://*.windows.example`,
  });
  const device = browser(setup.standins);
  const serverOf = (token: string) => provider.serverOf?.({ ...device, token });
  expect(serverOf(device.token)).toBe(origin);
  expect(serverOf('https://push.example/1')).toBe('https://push.example');
  // However many hosts people name.
  for (const host of ['a', 'b', 'c.d']) {
    expect(serverOf(`https://${host}.windows.example/1`)).toBe('https://*.windows.example');
  }
  expect(() => serverOf('https://evil.example/1')).toThrow('endpoint_not_allowed');
});

test.each([
  ['without keys', { keys: undefined }, 'no_keys'],
  ['with keys that are none', { keys: { p256dh: 'AA', auth: 'AA' } }, 'bad_keys'],
  ['with a point that is not on the curve', { keys: offCurve() }, 'bad_keys'],
  ['that is not on the list', { token: 'https://evil.example/1' }, 'endpoint_not_allowed'],
  ['without TLS', { token: 'http://127.0.0.1/1' }, 'endpoint_not_https'],
])('a subscription %s is refused, and concerns no other', async (_name, changes, reason) => {
  const { requests } = setup.standins.webpush;
  const provider = await setup.create('webpush');
  const { keys, ...device } = { ...browser(setup.standins), ...changes };
  const sending = provider.send(notification(), { ...device, ...(keys && { keys }) });
  expect(await verdictOf(sending)).toEqual({ outcome: 'refused', reason });
  expect(setup.standins.webpush.requests).toBe(requests);
});

test('a name that leads to a private address is resolved, and not connected to', async () => {
  const { origin, connections } = setup.standins.webpush;
  const named = origin.replace('127.0.0.1', 'localhost');
  const provider = await setup.create('webpush', { WEBPUSH_ORIGINS: named });
  const device = browser(setup.standins);
  const token = device.token.replace(origin, named);
  const verdict = await verdictOf(provider.send(notification(), { ...device, token }));
  expect(verdict).toEqual({ outcome: 'refused', reason: 'endpoint_address_private' });
  expect(setup.standins.webpush.connections).toBe(connections);
});

test('a host that does not exist is tried again later, and concerns no other', async () => {
  const provider = await setup.create('webpush', { WEBPUSH_ORIGINS: 'https://*.invalid' });
  const device = { ...browser(setup.standins), token: 'https://nobody.invalid/1' };
  const verdict = await verdictOf(provider.send(notification(), device));
  expect(verdict).toEqual({ outcome: 'later', reason: 'host_not_found' });
});

test.each([
  // Only silence is ended by a deadline.
  ['cuts the connection', { kind: 'drop' as const }, 'connection', '60000'],
  ['does not answer', { kind: 'silence' as const }, /^(timeout|connection)$/, '300'],
])('a push service that %s is down', async (_name, fault, reason, deadlineMs) => {
  const provider = await setup.create('webpush', { PUSH_DEADLINE_MS: deadlineMs });
  setup.standins.webpush.faults.next(fault);
  const verdict = await verdictOf(provider.send(notification(), browser(setup.standins)));
  expect(verdict.outcome).toBe('down');
  expect(verdict.reason).toMatch(reason);
});

function offCurve() {
  const p256dh = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]).toString('base64url');
  return { p256dh, auth: Buffer.alloc(16).toString('base64url') };
}
