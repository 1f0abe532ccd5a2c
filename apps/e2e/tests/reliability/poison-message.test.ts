import { metricOf, TestSocketPlain, waitFor } from '@agent-messenger/testkit';
import { startReliability, type ConversationId, type Reliability } from './setup';

/** After so many broken connections an event is handed over. */
const ATTEMPTS = 5;
const POISON = 'what ends the agent';

let system: Reliability;

beforeAll(async () => {
  system = await startReliability();
}, 60_000);
afterAll(() => system.stop(), 60_000);

test('an event that ends its agent’s connection again and again is answered as failed, and the others are answered meanwhile', async () => {
  const [gateway] = system.stack.gateways;
  if (!gateway) throw new Error('there is no gateway');
  const agent = await system.agent();
  const asker = await system.person();
  const poisoned = await system.open(asker, agent);
  await system.write(asker, poisoned, 1, POISON);
  const others: ConversationId[] = [];
  for (let n = 0; n < 3; n += 1) {
    const person = await system.person();
    const conversation = await system.open(person, agent);
    await system.write(person, conversation, 1, 'hello');
    others.push(conversation);
  }
  const person = system.socket(gateway, asker);
  await person.synced();

  /** One life of the program: it answers what it can, and ends at the poison; true when it has met it. */
  async function live(): Promise<boolean> {
    const socket = new TestSocketPlain(gateway?.url ?? '', '/agent', { token: agent.token });
    try {
      let done = 0;
      const next = () => socket.events[done];
      await socket.synced();
      for (;;) {
        const event = await waitFor(() => next() ?? (failed() ? 'over' : undefined), {
          timeoutMs: 60_000,
        });
        if (event === 'over') return false;
        done += 1;
        const { conversation_id, seq } = event;
        const isPoison = event.type === 'message.created' && event.message.content === POISON;
        if (isPoison) return true;
        if (event.type === 'message.created' && event.actor.id !== agent.id) {
          await socket.send(conversation_id, `re:${event.message.id}`, 'answered');
        }
        await socket.request('received', {
          conversation_id: conversation_id as ConversationId,
          seq,
        });
      }
    } finally {
      socket.socket.terminate();
    }
  }
  /** How often messages has counted attempts: at the end of each connection of the agent with something under way. */
  const counts = () =>
    metricOf(
      system.stack.messages,
      'http_request_seconds_count{route="POST /internal/countAttempts",status="2xx"}',
    );
  const failed = () =>
    person.events.find(
      (event) => event.type === 'message.created' && event.message.state === 'failed',
    );

  let lives = 0;
  while (!failed() && (await live())) {
    lives += 1;
    // A life that began before the end of the one before it is counted would meet it once more.
    const isCounted = async () => failed() ?? (await counts()) >= lives;
    await waitFor(isCounted, { describe: `${lives} attempts` });
  }
  expect(lives).toBe(ATTEMPTS);

  const event = await waitFor(failed);
  const question = (
    await system.store.listMessages({ conversation_id: poisoned, identity_id: asker.id, limit: 9 })
  ).messages[0];
  expect(event).toMatchObject({
    conversation_id: poisoned,
    actor: { id: agent.id },
    message: {
      client_id: `failed:${question?.id}`,
      reply_to: question?.id,
      error: expect.stringMatching(/./),
    },
  });
  for (const conversation_id of others) {
    const { messages } = await system.store.listMessages({
      conversation_id,
      identity_id: agent.id,
      limit: 9,
    });
    expect(messages.map(({ content }) => content)).toEqual(['hello', 'answered']);
  }
}, 120_000);
