import { connectAgent, type Agent, type AgentOptions, type MessengerError } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { until } from './until';

let gateway: FakeGateway;
const open: Agent[] = [];
const lines: string[] = [];

beforeEach(async () => {
  lines.length = 0;
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
    log: (line) => lines.push(line),
    ...options,
  });
  open.push(agent);
  return agent;
}
const received = () =>
  until(
    () => gateway.delivered.get(`${AGENT} ${CONVERSATION}`) === gateway.log().length,
    'all received',
  );
const sends = () =>
  gateway.seen.flatMap(({ name, data }) => (name === 'message:send' ? [data] : []));

it('a handler that fails for good is logged, and the person sees it', async () => {
  const agent = await connect();
  agent.onMessage(() => Promise.reject(new Error('no model')));
  const { id } = gateway.say(USER, 'question');
  await received();
  expect(sends()).toEqual([
    {
      conversation_id: CONVERSATION,
      client_id: `failed:${id}`,
      content: '',
      reply_to: id,
      state: 'failed',
      error: 'The agent could not answer this message.',
    },
  ]);
  expect(lines).toEqual([expect.stringContaining(`handler failed for ${id}: Error: no model`)]);
});

it('a gateway that knows no failed messages gets one with text', async () => {
  gateway.onSend = ({ content }) =>
    content === '' ? { code: 'invalid_payload', message: 'content: too short' } : null;
  const agent = await connect();
  agent.onMessage(() => Promise.reject(new Error('no model')));
  const { id } = gateway.say(USER, 'question');
  await received();
  expect(gateway.messages().at(-1)).toMatchObject({
    client_id: `failed:${id}`,
    content: 'The agent could not answer this message.',
  });
});

it('who listens to handlerError logs by itself', async () => {
  const agent = await connect();
  const failures: unknown[] = [];
  agent.on('handlerError', (error) => failures.push(error));
  agent.onMessage(() => {
    throw new TypeError('bug');
  });
  gateway.say(USER, 'question');
  await received();
  expect(failures).toEqual([new TypeError('bug')]);
  expect(sends()).toHaveLength(1);
  expect(lines).toEqual([]);
});

it('a handler that hangs is told to stop, and the next message is handled', async () => {
  const agent = await connect({ handlerTimeoutMs: 1_000 });
  const reasons: unknown[] = [];
  agent.onMessage((message, conversation, { signal }) => {
    if (message.content !== 'hang') return conversation.send('fine');
    return new Promise(() => signal.addEventListener('abort', () => reasons.push(signal.reason)));
  });
  gateway.say(USER, 'hang');
  gateway.say(USER, 'go on');
  await received();
  expect(reasons).toMatchObject([{ code: 'timeout' }]);
  expect(sends()).toMatchObject([
    { state: 'failed', error: 'The agent did not answer in time.' },
    { content: 'fine' },
  ]);
});

it('nothing after a message whose handler runs is received', async () => {
  const agent = await connect();
  let settle: () => void = () => undefined;
  const blocked = new Promise<void>((resolve) => (settle = resolve));
  agent.onMessage((message) => (message.content === 'slow' ? blocked : undefined));
  gateway.open('cnv_2');
  const slow = gateway.say(USER, 'slow');
  gateway.say(USER, 'behind it');
  gateway.say(USER, 'elsewhere', { id: 'cnv_2' });
  await until(() => gateway.delivered.get(`${AGENT} cnv_2`) === 2, 'the other conversation');
  expect(gateway.delivered.get(`${AGENT} ${CONVERSATION}`)).toBe(slow.seq - 1);
  settle();
  await received();
});

it('a failure that cannot be told is logged, and the message passed over', async () => {
  const agent = await connect();
  gateway.onSend = () => ({ code: 'invalid_payload', message: 'an older gateway' });
  agent.onMessage(() => Promise.reject(new Error('no model')));
  gateway.say(USER, 'question');
  await received();
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('an older gateway');
});

it('a handler that is never registered is missed', async () => {
  jest.useFakeTimers({ advanceTimers: true, doNotFake: ['nextTick', 'setImmediate'] });
  const agent = await connect();
  const heard = new Promise((resolve) => agent.on('synced', resolve));
  gateway.socket(AGENT).emit('synced', {});
  await heard;
  jest.advanceTimersByTime(10_000);
  jest.useRealTimers();
  expect(lines).toEqual([expect.stringContaining('onMessage was not called')]);
  agent.onMessage(() => undefined);
  await received();
});

describe('an agent that is over', () => {
  let exit: jest.SpyInstance;
  beforeEach(() => {
    exit = jest.spyOn(process, 'exit').mockReturnValue(undefined as never);
  });
  afterEach(() => exit.mockRestore());
  const replace = async (agent: Agent) => {
    const replaced = new Promise<void>((resolve) => agent.on('replaced', resolve));
    await connect({ exitOnEnd: false });
    await replaced;
    await expect(agent.conversation(CONVERSATION).read(1)).rejects.toMatchObject({
      code: 'replaced',
    });
  };

  it('says so and ends the process with an error', async () => {
    await replace(await connect());
    expect(exit).toHaveBeenCalledWith(1);
    expect(lines).toEqual([expect.stringContaining('it is over (replaced)')]);
  });

  it('leaves the process alone where that was asked for, or where somebody listens', async () => {
    await replace(await connect({ exitOnEnd: false }));
    const listened = await connect();
    const ended: MessengerError[] = [];
    listened.on('ended', (error) => ended.push(error));
    await replace(listened);
    expect(ended).toMatchObject([{ code: 'replaced' }]);
    expect(exit).not.toHaveBeenCalled();
  });

  it('rejects, and ends nothing, when it was refused at its start', async () => {
    await expect(connect({ apiKey: 'wrong' })).rejects.toBeDefined();
    gateway.onHandshake = () => ({ code: 'forbidden', message: 'no' });
    await expect(connect()).rejects.toMatchObject({ code: 'forbidden' });
    expect(exit).not.toHaveBeenCalled();
  });
});
