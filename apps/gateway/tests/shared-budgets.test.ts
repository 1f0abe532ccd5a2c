import { waitFor } from '@agent-messenger/testkit';
import type { TestGateway } from './harness';
import { startHarness } from './harness';
import { statuses, useLimits } from './limits-setup';

const setting = useLimits();
const { limited, send } = setting;

const BUDGET = 60;
/** Many more than the budget: the rest is refused. */
const TRIES = 90;

async function pair(env: NodeJS.ProcessEnv): Promise<[TestGateway, TestGateway]> {
  const one = await limited(env);
  const other = await setting.harness.gateway({ REDIS_PREFIX: setting.prefix(), ...env });
  return [one, other];
}

const connect = (gateway: TestGateway, as: string) =>
  setting.harness.socket(gateway, '/client', { token: setting.harness.token(as) }).synced();

let sent = 0;
async function sendMany(gateway: TestGateway, as: string, times: number): Promise<number> {
  const socket = await connect(gateway, as);
  const answers = await Promise.all(
    Array.from({ length: times }, () => {
      sent += 1;
      const message = { conversation_id: 'cnv_1', client_id: `shared-${sent}`, content: 'x' };
      return socket.raw('message:send', message);
    }),
  );
  return answers.filter((answer) => (answer as { ok: boolean }).ok).length;
}

const overRest = async (gateway: TestGateway, as: string, times: number) =>
  (await statuses(times, () => send(gateway, { as }))).filter((status) => status === 201).length;

const remaining = async (gateway: TestGateway, as: string) => {
  const answer = await setting.call(gateway, 'POST', '/conversations/cnv_1/messages', {
    as,
    body: 0,
  });
  return Number(answer.headers.get('ratelimit-remaining'));
};

test('the messages of an identity over sockets of two gateways and REST are within 1.5 budgets', async () => {
  const [one, other] = await pair({ SENDS_PER_MINUTE: `${BUDGET}` });
  const first = await sendMany(one, 'usr_1', TRIES);
  expect(first).toBe(BUDGET);
  const elsewhere = [
    await sendMany(other, 'usr_1', TRIES),
    await overRest(other, 'usr_1', 5),
    await overRest(one, 'usr_1', 5),
    await sendMany(one, 'usr_1', TRIES),
  ];
  const total = [first, ...elsewhere].reduce((sum, each) => sum + each, 0);
  expect(total).toBeLessThanOrEqual(BUDGET * 1.5);
  expect(await sendMany(other, 'usr_2', 5)).toBe(5);
});

test('what is spent over REST is known to the gateway that it connects to', async () => {
  const [one, other] = await pair({ SENDS_PER_MINUTE: '20' });
  expect(await overRest(one, 'usr_1', 18)).toBe(18);
  expect(await sendMany(other, 'usr_1', 10)).toBe(2);
});

test('what is less than a tenth is told behind, too', async () => {
  const [one, other] = await pair({ SENDS_PER_MINUTE: '100' });
  expect(await sendMany(one, 'usr_1', 5)).toBe(5);
  let asked = 0;
  await waitFor(async () => {
    asked += 1;
    return (await remaining(other, 'usr_1')) === 100 - 5 - asked;
  });
});

test('requests are answered while Redis hangs, within the budget of the one gateway', async () => {
  const own = await startHarness();
  try {
    own.store.addConversation('cnv_1', ['usr_1']);
    const gateway = await own.gateway({ READS_PER_MINUTE: '10' });
    const socket = await own.socket(gateway, '/client', { token: own.token('usr_1') }).synced();
    own.redis.pause();
    const answers: unknown[] = [];
    for (let n = 0; n < 11; n += 1) {
      // Of a send, the store of these tests would tell Redis before it answers.
      const page = { conversation_id: 'cnv_1', after_seq: 0 };
      answers.push(((await socket.raw('sync', page)) as { ok: boolean }).ok);
    }
    expect(answers).toEqual([...Array.from({ length: 10 }, () => true), false]);
  } finally {
    own.redis.resume();
    await own.close();
  }
});
