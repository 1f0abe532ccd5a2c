import {
  findPostgres,
  hasPgBouncer,
  runsHere,
  startPgBouncer,
  startPostgres,
  waitFor,
  type TestSocket,
} from '@agent-messenger/testkit';
import { setTimeout as delay } from 'node:timers/promises';
import { gatewaysOf, seqsTo, startReliability, type Pair, type Reliability } from './setup';

const PAIRS = 4;
/** Between two tries of a send that was refused. */
const AGAIN_MS = 50;

interface Sender {
  pair: Pair;
  person: TestSocket;
  agent: TestSocket;
  /** What was acked, in the order in which it was sent. */
  acked: { client_id: string; seq: number }[];
  stop(): Promise<void>;
}

/** Sends one message after the other, each until it is acked; what it is refused with says that it passes. */
async function startSender(system: Reliability, pair: Pair): Promise<Sender> {
  const [first, second] = gatewaysOf(system);
  const [person, agent] = await Promise.all([
    system.socket(first, pair.person).synced(),
    system.socket(second, pair.agent).synced(),
  ]);
  const acked: Sender['acked'] = [];
  let stopped = false;
  async function send(client_id: string): Promise<void> {
    for (;;) {
      const { conversation: conversation_id } = pair;
      const payload = { conversation_id, client_id, content: client_id };
      const answer = await person.request('message:send', payload);
      if (answer.ok) {
        acked.push({ client_id, seq: answer.message.seq });
        return;
      }
      expect(answer.error).toMatchObject({ code: 'unavailable' });
      await delay(AGAIN_MS);
    }
  }
  const running = (async () => {
    for (let n = 1; !stopped; n += 1) await send(`${n}`);
  })();
  return {
    ...{ pair, person, agent, acked },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** Every sender gets answers again: what happened before is over. */
async function goOn(senders: readonly Sender[]): Promise<void> {
  const before = senders.map(({ acked }) => acked.length);
  await waitFor(() => senders.every(({ acked }, n) => acked.length > (before[n] ?? 0) + 5), {
    describe: 'acks of all senders',
    timeoutMs: 60_000,
  });
}

async function expectComplete({ store }: Reliability, sender: Sender): Promise<void> {
  const { pair, acked, agent } = sender;
  const last = acked.at(-1)?.seq ?? 0;
  await agent.when('event', ({ seq }) => seq === last);
  // The first message is behind the creation.
  expect(acked.map(({ seq }) => seq)).toEqual(seqsTo(last, 2));
  const { events } = await store.readLog({
    identity_id: pair.agent.id,
    epoch: null,
    conversation_id: pair.conversation,
    after_seq: last - Math.min(last, 200),
    limit: 200,
  });
  const kept = events.flatMap((event) =>
    event.type === 'message.created' ? [event.message.client_id] : [],
  );
  expect(kept).toEqual(acked.slice(-kept.length).map(({ client_id }) => client_id));
  const delivered = [...new Set(agent.events.map(({ seq }) => seq))].filter((seq) => seq > 1);
  expect(delivered).toEqual(seqsTo(last, 2));
}

async function underLoad(
  system: Reliability,
  disturb: (senders: readonly Sender[]) => Promise<void>,
): Promise<void> {
  const pairs = await Promise.all(Array.from({ length: PAIRS }, () => system.pair()));
  const senders = await Promise.all(pairs.map((pair) => startSender(system, pair)));
  await goOn(senders);
  await disturb(senders);
  await goOn(senders);
  await Promise.all(senders.map((sender) => sender.stop()));
  for (const sender of senders) await expectComplete(system, sender);
  system.closeSockets();
}

const hasAll = findPostgres() !== undefined && hasPgBouncer();
(runsHere(hasAll) ? describe : describe.skip)('two replicas of messages on PostgreSQL', () => {
  let system: Reliability;
  beforeAll(async () => {
    system = await startReliability({ store: 'postgres', messages: 2 });
  }, 120_000);
  afterAll(() => system.stop(), 60_000);

  test('either of them is killed: everything that was acked is there, once, in order, and delivered', async () => {
    await underLoad(system, async (senders) => {
      for (const replica of system.stack.replicas) {
        await replica.kill();
        await goOn(senders);
        await replica.start();
        await goOn(senders);
      }
    });
  }, 120_000);

  test('each of them is replaced, as in an upgrade: everybody goes on with the other one meanwhile', async () => {
    await underLoad(system, async (senders) => {
      for (const replica of system.stack.replicas) {
        await replica.stop();
        await goOn(senders);
        await replica.start();
        // The next one is stopped when everybody has had answers beside this one.
        await goOn(senders);
      }
    });
  }, 120_000);

  test('one hangs: the other one goes on, also with what it had begun', async () => {
    await underLoad(system, async (senders) => {
      const [first] = system.stack.replicas;
      first?.pause();
      await goOn(senders);
      first?.resume();
    });
  }, 120_000);

  test('PostgreSQL dies and comes back', async () => {
    await underLoad(system, async () => {
      await system.stack.postgres.kill();
      await system.stack.postgres.start();
    });
  }, 120_000);
});

(runsHere(hasAll) ? test : test.skip)(
  'through PgBouncer, which gives each transaction another connection',
  async () => {
    const postgres = await startPostgres();
    const bouncer = await startPgBouncer(postgres.url, { poolSize: 5 });
    const databaseUrl = bouncer.url;
    const system = await startReliability({ store: 'postgres', databaseUrl, messages: 2 });
    try {
      await underLoad(system, async (senders) => {
        await system.stack.messages.kill();
        await goOn(senders);
        await system.stack.messages.start();
      });
    } finally {
      await system.stop();
      await bouncer.stop();
      await postgres.stop();
    }
  },
  120_000,
);
