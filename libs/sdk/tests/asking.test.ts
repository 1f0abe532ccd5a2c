import { connectAgent, type Agent, type AgentOptions } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { until } from './until';

let gateway: FakeGateway;
const open: Agent[] = [];

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.start();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((agent) => agent.close({ deadlineMs: 0 })));
  await gateway.stop();
});

async function connect(options: Partial<AgentOptions> = {}): Promise<Agent> {
  const agent = await connectAgent({
    url: gateway.url,
    apiKey: 'key-1',
    backoff: { minMs: 2, maxMs: 5 },
    exitOnEnd: false,
    log: () => undefined,
    ...options,
  });
  open.push(agent);
  return agent;
}
const question = () => gateway.messages().find(({ actions }) => actions !== undefined);
const asked = () => until(() => question() !== undefined, 'the question');
const answers = () =>
  gateway.messages().flatMap(({ sender, content }) => (sender.id === AGENT ? [content] : []));
const choose = (actionId: string, { live = true } = {}) => {
  gateway.logs.get(CONVERSATION)?.choose(USER, question()!.id, actionId);
  if (live) gateway.tell();
};
const settled = () =>
  until(
    () => gateway.delivered.get(`${AGENT} ${CONVERSATION}`) === gateway.log().length,
    'all received',
  );
/** Asks whether to delete, and says what was answered. */
function askOnMessage(agent: Agent, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  agent.onMessage(async (_, conversation) => {
    const answer = await conversation.ask('Delete 3 files?', ['approve', 'deny'], options);
    const isNever: 'approve' | 'deny' | null = answer;
    await conversation.send(`answer: ${isNever}`);
  });
}

it('resolves with the choice', async () => {
  askOnMessage(await connect());
  const { id } = gateway.say(USER, 'clean up');
  await asked();
  expect(question()).toMatchObject({
    client_id: `${id}:1`,
    actions: [
      { id: 'approve', label: 'approve' },
      { id: 'deny', label: 'deny' },
    ],
  });
  choose('deny');
  await settled();
  expect(answers()).toEqual(['Delete 3 files?', 'answer: deny']);
});

it('a typed reply answers too, and is handled by nobody else', async () => {
  askOnMessage(await connect());
  gateway.say(USER, 'clean up');
  await asked();
  gateway.say(USER, 'what do you mean?', { id: CONVERSATION });
  gateway.say(USER, ' Approve ');
  await until(() => answers().includes('answer: approve'), 'the answer');
  // What was no answer is a message as any other: the handler asks again.
  await until(() => answers().length === 3, 'the next question');
  const second = gateway.messages().findLast(({ actions }) => actions !== undefined)!;
  gateway.logs.get(CONVERSATION)?.choose(USER, second.id, 'deny');
  gateway.tell();
  await settled();
  expect(answers().slice(2)).toEqual(['Delete 3 files?', 'answer: deny']);
});

it('finds a choice whose event was lost, after a reconnect', async () => {
  askOnMessage(await connect());
  gateway.say(USER, 'clean up');
  await asked();
  choose('approve', { live: false });
  gateway.socket(AGENT).cut();
  await settled();
  expect(answers()).toContain('answer: approve');
});

it('asked again after a restart it finds the choice, or the reply, that was made meanwhile', async () => {
  for (const answer of [() => choose('approve'), () => gateway.say(USER, 'approve')]) {
    const first = await connect();
    askOnMessage(first);
    gateway.say(USER, 'clean up');
    await asked();
    await first.close({ deadlineMs: 0 });
    answer();
    const second = await connect();
    askOnMessage(second);
    await settled();
    expect(answers()).toEqual(['Delete 3 files?', 'answer: approve']);
    gateway.logs.get(CONVERSATION)?.close();
    await second.close({ deadlineMs: 0 });
    await gateway.stop();
    gateway = new FakeGateway();
    await gateway.start();
  }
});

it('gives up only after it has read an expired question without a choice', async () => {
  askOnMessage(await connect(), { timeoutMs: 1 });
  gateway.say(USER, 'clean up');
  await settled();
  expect(answers()).toEqual(['Delete 3 files?', 'answer: null']);
  const { actions_expire_at } = question()!;
  expect(Date.parse(actions_expire_at!)).not.toBeNaN();
});

it('a choice that was made at the last moment counts, though its event was lost', async () => {
  askOnMessage(await connect(), { timeoutMs: 1 });
  const log = gateway.logs.get(CONVERSATION)!;
  const page = log.page.bind(log);
  log.page = (...range) => {
    const read = page(...range);
    const isSeen = read.events.some(({ seq }) => seq === question()?.seq);
    // It has been looked for once, and in vain: what remains is the look after the end of its time.
    if (isSeen && !question()?.choice) choose('approve', { live: false });
    return read;
  };
  gateway.say(USER, 'clean up');
  await until(() => answers().length === 2, 'the end of the wait');
  expect(answers()).toEqual(['Delete 3 files?', 'answer: approve']);
});

it('an abort withdraws the question', async () => {
  const withdrawing = new AbortController();
  const agent = await connect();
  const failures: unknown[] = [];
  agent.onMessage(async (_, conversation) => {
    const { signal } = withdrawing;
    await conversation.ask('Delete 3 files?', ['approve'], { signal }).catch((error: unknown) => {
      failures.push(error);
    });
  });
  gateway.say(USER, 'clean up');
  await asked();
  withdrawing.abort(new Error('too late'));
  await settled();
  expect(failures).toEqual([new Error('too late')]);
  expect(gateway.log().at(-1)).toMatchObject({ type: 'message.deleted' });
});

it('the end of the agent withdraws nothing', async () => {
  const agent = await connect();
  askOnMessage(agent);
  gateway.say(USER, 'clean up');
  await asked();
  await agent.close();
  expect(question()?.content).toBe('Delete 3 files?');
  expect(gateway.delivered.get(`${AGENT} ${CONVERSATION}`)).toBe(1);
});

it('waiting costs the handler neither time nor its place', async () => {
  const agent = await connect({ handlerTimeoutMs: 2_000, concurrency: 1 });
  gateway.open('cnv_2');
  agent.onMessage(async ({ content }, conversation) => {
    if (content !== 'ask') return conversation.send('meanwhile');
    const answer = await conversation.ask('Well?', ['yes']);
    return conversation.send(`answer: ${answer}`);
  });
  gateway.say(USER, 'ask');
  await asked();
  // The only place is free for others, for longer than a handler may run.
  const isOver = performance.now() + 2_200;
  for (let n = 1; performance.now() < isOver; n++) {
    gateway.say(USER, 'other', { id: 'cnv_2' });
    await until(() => gateway.messages('cnv_2').length === 2 * n, 'the other conversation');
  }
  choose('yes');
  await settled();
  expect(answers()).toEqual(['Well?', 'answer: yes']);
});

it('options that cannot be ids are answered as they are', async () => {
  const agent = await connect();
  let answer: string | null = null;
  agent.onMessage(async (_, conversation) => {
    answer = await conversation.ask('Well?', ['Yes, please', { id: 'no', label: 'No' }]);
  });
  gateway.say(USER, 'ask');
  await asked();
  choose('option-1');
  await settled();
  expect(answer).toBe('Yes, please');
});

it('a conversation that is deleted ends the wait', async () => {
  const agent = await connect();
  const failures: unknown[] = [];
  agent.on('handlerError', (error) => failures.push(error));
  askOnMessage(agent);
  gateway.say(USER, 'clean up');
  await asked();
  gateway.logs.get(CONVERSATION)?.close();
  gateway.tell();
  gateway.socket(AGENT).cut();
  await until(() => failures.length > 0, 'the failure');
  expect(failures).toMatchObject([{ code: 'not_found' }]);
});

describe('history', () => {
  it('is what a model takes, up to the message at hand', async () => {
    const histories: unknown[] = [];
    gateway.say(USER, 'one');
    const gone = gateway.say(USER, 'gone');
    gateway.say(AGENT, 'two');
    gateway.say(AGENT, '', { state: 'failed', error: 'no model' });
    gateway.logs.get(CONVERSATION)?.remove(USER, gone.id);
    gateway.delivered.set(`${AGENT} ${CONVERSATION}`, gateway.log().length);
    const agent = await connect();
    agent.onMessage(async (_, conversation) => {
      gateway.say(USER, 'later', { live: false });
      histories.push(await conversation.history(), await conversation.history({ limit: 2 }));
    });
    gateway.say(USER, 'three');
    await until(() => histories.length === 2, 'the histories');
    const [one, two, three] = [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
      { role: 'user', content: 'three' },
    ];
    expect(histories).toEqual([
      [one, two, three],
      [two, three],
    ]);
  });
});

it('says what it is doing', async () => {
  const agent = await connect();
  agent.conversation(CONVERSATION).activity('using_tool', 'searching');
  await until(() => gateway.count('activity') === 1, 'the activity');
  expect(gateway.seen.at(-1)?.data).toEqual({
    conversation_id: CONVERSATION,
    state: 'using_tool',
    label: 'searching',
  });
});
