import { COMMON_PASSWORD, TAKEN_USERNAME, type TestGateway } from './harness';
import { statuses, useLimits } from './limits-setup';

const { call, limited } = useLimits();

const register = (
  gateway: TestGateway,
  body: unknown = { username: 'ada', password: 'long enough' },
) => call(gateway, 'POST', '/auth/user', { body });

const REFUSED: [string, unknown][] = [
  ['nothing', {}],
  ['a missing password', { username: 'ada' }],
  ['a wrong type', { username: 7, password: 'long enough' }],
  ['a common password', { username: 'ada', password: COMMON_PASSWORD }],
];

test.each(REFUSED)('who is refused for %s is no registration', async (_what, body) => {
  const gateway = await limited({ REGISTRATIONS_PER_HOUR_IP: '2' });
  expect(await statuses(5, () => register(gateway, body))).toEqual([400, 400, 400, 400, 400]);
  expect(await statuses(3, () => register(gateway))).toEqual([201, 201, 429]);
});

test('what cannot be read at all is none either', async () => {
  const gateway = await limited({ REGISTRATIONS_PER_HOUR_IP: '1' });
  const broken = () =>
    fetch(`${gateway.url}/auth/user`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"username":',
    });
  expect(await statuses(3, broken)).toEqual([400, 400, 400]);
  expect(await statuses(2, () => register(gateway))).toEqual([201, 429]);
});

test('a name that is taken uses up a registration: names are not tried out for nothing', async () => {
  const gateway = await limited({ REGISTRATIONS_PER_HOUR_IP: '2' });
  const taken = { username: TAKEN_USERNAME, password: 'long enough' };
  expect(await statuses(3, () => register(gateway, taken))).toEqual([409, 409, 429]);
});

test('who is refused is counted as a login, and who is made is not', async () => {
  const gateway = await limited({ LOGINS_PER_MINUTE_IP: '2', REGISTRATIONS_PER_HOUR_IP: '9' });
  expect(await statuses(4, () => register(gateway))).toEqual([201, 201, 201, 201]);
  expect(await statuses(3, () => register(gateway, {}))).toEqual([400, 400, 429]);
  // Nothing of it may be tried further.
  expect(await statuses(1, () => register(gateway))).toEqual([429]);
});

test('those that are under way together pass no bound, refused ones among them', async () => {
  const gateway = await limited({ REGISTRATIONS_PER_HOUR_IP: '4' });
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, n) => register(gateway, n % 2 === 0 ? {} : undefined)),
  );
  const made = all.filter(({ status }) => status === 201).length;
  expect(made).toBeLessThanOrEqual(4);
  const later = await statuses(5, () => register(gateway));
  expect(later.filter((status) => status === 201)).toHaveLength(4 - made);
  expect(later.at(-1)).toBe(429);
});

test('beyond the bound the time is told, and how many there may be', async () => {
  const gateway = await limited({ REGISTRATIONS_PER_HOUR_IP: '1' });
  expect((await register(gateway)).status).toBe(201);
  const refused = await register(gateway);
  expect(refused.headers.get('ratelimit-limit')).toBe('1');
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThanOrEqual(3_600);
});
