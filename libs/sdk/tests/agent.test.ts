import { connectAgent, type Agent, type AgentOptions, type MessengerError } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

describe.each(TRANSPORTS)('over $name', ({ options: transport }) => {
  const backoff = { minMs: 2, maxMs: 5 };
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
      ...transport,
      url: gateway.url,
      apiKey: 'key-1',
      backoff,
      ...options,
    });
    open.push(agent);
    return agent;
  }
  const answers = () =>
    gateway.messages().flatMap((message) => (message.sender.id === AGENT ? [message.content] : []));
  const delivered = () => gateway.delivered.get(`${AGENT} ${CONVERSATION}`) ?? 0;

  describe('connectAgent', () => {
    it('answers what was missed and what comes, once, and reports after the handler', async () => {
      gateway.say(USER, 'one');
      const gone = gateway.say(USER, 'gone');
      gateway.logs.get(CONVERSATION)?.remove(USER, gone.id);
      const agent = await connect();
      agent.onMessage((message, conversation) => conversation.send(`echo: ${message.content}`));
      await until(() => answers().length === 1, 'answer to the backlog');
      gateway.say(USER, 'two');
      await until(
        () => delivered() === gateway.log().length && answers().length === 2,
        'all received',
      );
      expect(answers()).toEqual(['echo: one', 'echo: two']);
    });

    it('does not answer `received` before the handler has settled', async () => {
      const agent = await connect();
      let settle: () => void = () => undefined;
      const handled = new Promise<void>((resolve) => (settle = resolve));
      let started = false;
      agent.onMessage(() => {
        started = true;
        return handled;
      });
      gateway.say(USER, 'slow');
      await until(() => started && delivered() === 1, 'the event before');
      settle();
      await until(() => delivered() === 2, 'received after the handler');
    });

    it('exchanges its key once and reconnects with the token', async () => {
      const agent = await connect();
      const connected = new Promise((resolve) => agent.on('connected', resolve));
      gateway.socket(AGENT).cut();
      await connected;
      expect(gateway.count('POST /auth/agent/token')).toBe(1);
      expect(gateway.count('handshake')).toBe(2);
    });

    it('rejects with a wrong key, and waits for a server that is not there yet', async () => {
      await expect(connect({ apiKey: 'wrong' })).rejects.toMatchObject({ code: 'not_found' });
      let code = 'timeout';
      // On a machine that is busy the time may be over before the first attempt is.
      for (let ms = 50; code === 'timeout'; ms *= 2) {
        const connecting = connect({ url: 'http://127.0.0.1:1', connectTimeoutMs: ms });
        code = await connecting.then(
          () => 'connected',
          (error: MessengerError) => error.code,
        );
      }
      expect(code).toBe('unreachable');
    });
  });

  describe('handlers', () => {
    it('run one after another in a conversation, side by side across conversations', async () => {
      const agent = await connect();
      gateway.open('cnv_2');
      const log: string[] = [];
      let settle: () => void = () => undefined;
      const blocked = new Promise<void>((resolve) => (settle = resolve));
      agent.onMessage(async ({ content }) => {
        log.push(`start ${content}`);
        if (content === 'a1') await blocked;
        log.push(`end ${content}`);
      });
      gateway.say(USER, 'a1');
      gateway.say(USER, 'a2');
      gateway.say(USER, 'b1', { id: 'cnv_2' });
      await until(() => log.includes('end b1'), 'the other conversation');
      expect(log).not.toContain('start a2');
      settle();
      await until(() => log.includes('end a2'), 'the next in the conversation');
    });

    it('run again when they reject, double nothing, and are reported in the end', async () => {
      const agent = await connect();
      const failures: string[] = [];
      agent.on('handlerError', (error, message) =>
        failures.push(`${message.content}: ${String(error)}`),
      );
      let runs = 0;
      agent.onMessage(async (message, conversation) => {
        if (message.content !== 'bad') return conversation.send('fine');
        runs++;
        const first = await conversation.send(`attempt ${runs}`);
        expect(first.message.content).toBe('attempt 1');
        expect(first.duplicate).toBe(runs > 1);
        throw new Error('always');
      });
      const bad = gateway.say(USER, 'bad');
      gateway.say(USER, 'good');
      await until(
        () => delivered() === gateway.log().length && answers().length === 3,
        'passed over',
      );
      expect(runs).toBe(4);
      expect(failures).toEqual(['bad: Error: always']);
      expect(answers()).toEqual(['attempt 1', '', 'fine']);
      expect(gateway.messages()[2]?.client_id).toBe(`${bad.id}:1`);
    });

    it('that run at close are waited for; their messages count as received', async () => {
      const agent = await connect();
      let started = false;
      agent.onMessage(async (_, conversation) => {
        started = true;
        await conversation.send('done');
      });
      gateway.say(USER, 'work');
      await until(() => started, 'started');
      await agent.close();
      expect(delivered()).toBeGreaterThanOrEqual(2);
      expect(answers()).toEqual(['done']);
    });

    it('start again after a crash with the messages that were not settled', async () => {
      const first = await connect();
      first.onMessage(async (_, conversation) => {
        await conversation.send('half');
        await new Promise(() => undefined);
      });
      gateway.say(USER, 'work');
      await until(() => answers().length === 1, 'half of the work');
      await first.close({ deadlineMs: 0 });
      const second = await connect();
      const sent: boolean[] = [];
      second.onMessage(async (_, conversation) => {
        sent.push((await conversation.send('another half')).duplicate);
        sent.push((await conversation.send('rest')).duplicate);
      });
      await until(() => delivered() === 4, 'received');
      expect(sent).toEqual([true, false]);
      expect(answers()).toEqual(['half', 'rest']);
    });
  });
});
