import { createRest, MessengerError } from '@agent-messenger/sdk';
import { createPerson, metricOf, rest } from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { gatewaysOf, startReliability, type Reliability } from '../reliability/setup';

let system: Reliability;
let url: string[];
beforeAll(async () => {
  // No lock gets into the way of so many failures.
  const lenient = { FAILED_ATTEMPTS_MAX: '1000000', FAILED_ATTEMPTS_MAX_ACCOUNT: '1000000' };
  system = await startReliability({ env: { auth: lenient } });
  url = gatewaysOf(system).map((gateway) => gateway.url);
}, 60_000);
afterAll(() => system.stop(), 60_000);

const text = () => randomBytes(12).toString('hex');

function logIn(username: string, password: string) {
  return rest(url[0] ?? '', 'POST', '/auth/login', { body: { username, password } });
}

test('a name that exists is answered like one that does not, for the same work', async () => {
  const known = await createPerson(url[0] ?? '');
  const disabled = await createPerson(url[0] ?? '');
  await createRest(url).request(
    'updateUser',
    { params: { user_id: disabled.user_id as `usr_${string}` }, body: { disabled: true } },
    { adminKey: system.stack.adminKey },
  );
  const attempts = [
    () => logIn(known.username, text()),
    () => logIn(`p-${text().slice(0, 12)}`, text()),
    () => logIn(disabled.username, disabled.password),
    () => logIn('no name!', text()),
  ];
  // bcrypt takes some 80 ms of a login, a look into the store less than one: how long it takes is what that does.
  const rounds = () => metricOf(system.stack.auth, 'auth_bcrypt_rounds_total');
  const answers: { answer: string; cost: number }[] = [];
  for (const attempt of attempts) {
    const before = await rounds();
    const answer = await attempt();
    answers.push({ answer: JSON.stringify(answer), cost: (await rounds()) - before });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  }
  const [first] = answers;
  expect(first?.cost).toBeGreaterThan(0);
  for (const each of answers) expect(each).toEqual(first);
});

test('of many who register one name at once, on both gateways, one gets it', async () => {
  const name = `wanted-${text().slice(0, 12)}`;
  const spellings = [name, name.toUpperCase(), ` ${name} `];
  const claims = Array.from({ length: 18 }, async (_, n) => {
    const password = text();
    const body = { username: spellings[n % spellings.length], password };
    const { status } = await rest(url[n % 2] ?? '', 'POST', '/auth/user', { body });
    return { status, password };
  });
  const claimed = (await Promise.all(claims)).sort((a, b) => a.status - b.status);
  const [winner, loser] = claimed;
  expect(claimed.map(({ status }) => status)).toEqual([201, ...Array<number>(17).fill(409)]);
  // It is the one's whose password it has.
  expect((await logIn(name, winner?.password ?? '')).status).toBe(200);
  expect((await logIn(name, loser?.password ?? '')).status).toBe(401);
}, 60_000);

test('an operator and people who want the same name at once: one gets it', async () => {
  const username = `wanted-${text().slice(0, 12)}`;
  const claim = async (n: number) => {
    const body = { username, password: text() };
    try {
      const client = createRest(url);
      if (n % 2) await client.request('register', { body });
      else await client.request('createUser', { body }, { adminKey: system.stack.adminKey });
      return 'ok';
    } catch (error) {
      if (error instanceof MessengerError) return error.code;
      throw error;
    }
  };
  const codes = await Promise.all(Array.from({ length: 10 }, (_, n) => claim(n)));
  expect(codes.sort()).toEqual([...Array<string>(9).fill('conflict'), 'ok']);
});
