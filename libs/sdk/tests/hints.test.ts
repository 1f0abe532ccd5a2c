import { connectClient, type Client, type ClientOptions, type MessengerError } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

describe.each(TRANSPORTS)('over $name', ({ options: transport }) => {
  /** Far below every hint: what waits longer waits for the hint. */
  const backoff = { minMs: 1, maxMs: 2 };
  const HINT_MS = 120;
  /** Timers may fire this much early. */
  const SLACK_MS = 5;
  let gateway: FakeGateway;
  const open: Client[] = [];

  beforeEach(async () => {
    gateway = new FakeGateway();
    await gateway.start();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close({ deadlineMs: 0 })));
    await gateway.stop();
  });

  async function connect(options: Partial<ClientOptions> = {}): Promise<Client> {
    const credentials = { username: 'ada', password: 'right' };
    const client = await connectClient({
      ...transport,
      url: gateway.url,
      ...credentials,
      backoff,
      ...options,
    });
    open.push(client);
    return client;
  }

  /** From one to the next. */
  async function gap(name: string, count: number): Promise<number> {
    await until(() => gateway.count(name) >= count, `${name} number ${count}`);
    const [before = 0, after = 0] = gateway.times(name).slice(count - 2, count);
    return after - before;
  }

  describe('the server says when to come again', () => {
    const hint = { code: 'unavailable' as const, message: 'busy', retry_after_ms: HINT_MS };
    const once = () => {
      let asked = 0;
      return () => (asked++ === 0 ? hint : null);
    };

    it('after a send', async () => {
      const client = await connect();
      gateway.onSend = once();
      await client.conversation(CONVERSATION).send('text');
      expect(await gap('message:send', 2)).toBeGreaterThanOrEqual(HINT_MS - SLACK_MS);
    });

    it('after a refused handshake', async () => {
      await connect();
      gateway.onHandshake = once();
      gateway.socket(USER).cut();
      expect(await gap('handshake', 3)).toBeGreaterThanOrEqual(HINT_MS - SLACK_MS);
    });

    it('after `closing`', async () => {
      await connect();
      const since = performance.now();
      gateway.socket(USER).emit('closing', {
        code: 'max_age',
        reconnect: true,
        retry_after_ms: HINT_MS,
      });
      gateway.socket(USER).cut();
      await until(() => gateway.count('handshake') === 2, 'back');
      expect((gateway.times('handshake')[1] ?? 0) - since).toBeGreaterThanOrEqual(
        HINT_MS - SLACK_MS,
      );
    });

    it('when it drains, whoever closes first, and is served until then', async () => {
      const client = await connect();
      const since = performance.now();
      const draining = gateway.socket(USER);
      draining.emit('draining', { reconnect_after_ms: HINT_MS });
      await client.conversation(CONVERSATION).send('meanwhile');
      draining.cut();
      await until(() => gateway.count('handshake') === 2, 'back');
      expect((gateway.times('handshake')[1] ?? 0) - since).toBeGreaterThanOrEqual(
        HINT_MS - SLACK_MS,
      );
    });

    it('after a listing', async () => {
      gateway.onRest = (path) => (path === 'GET /conversations' ? listing() : null);
      const listing = once();
      await connect();
      expect(await gap('GET /conversations', 2)).toBeGreaterThanOrEqual(HINT_MS - SLACK_MS);
    });
  });

  describe('a failure that the server did not foresee', () => {
    const internal = { code: 'internal' as const, message: 'oops' };

    it('is tried again, and the send is kept', async () => {
      const client = await connect();
      gateway.onSend = () => (gateway.count('message:send') < 8 ? internal : null);
      await expect(client.conversation(CONVERSATION).send('text')).resolves.toMatchObject({
        duplicate: false,
      });
    });
  });

  describe('close', () => {
    it('waits for acks until its deadline, and rejects what has none by then', async () => {
      const client = await connect();
      gateway.onSend = () => ({ code: 'unavailable', message: 'never', retry_after_ms: 1 });
      const sent = client.conversation(CONVERSATION).send('in vain');
      const closed = expect(sent).rejects.toMatchObject({ code: 'closed' });
      const since = performance.now();
      await client.close({ deadlineMs: HINT_MS });
      expect(performance.now() - since).toBeGreaterThanOrEqual(HINT_MS - SLACK_MS);
      await closed;
    });

    it('does not wait for longer than it must', async () => {
      const client = await connect();
      gateway.onSend = () => (gateway.count('message:send') < 3 ? 'lose' : null);
      const sent = client.conversation(CONVERSATION).send('after two lost acks');
      await client.close({ deadlineMs: 60_000 });
      await expect(sent).resolves.toMatchObject({ duplicate: true });
    });

    it('reports what was taken before it leaves', async () => {
      const client = await connect();
      const taken = new Promise((resolve) => client.on('message', resolve));
      gateway.say(AGENT, 'text');
      await taken;
      await client.close();
      expect(gateway.delivered.get(`${USER} ${CONVERSATION}`)).toBe(2);
    });
  });

  it('never comes back by itself when replaced, also when the connection just breaks then', async () => {
    const client = await connect();
    const ended = new Promise<MessengerError>((resolve) => client.on('ended', resolve));
    gateway.socket(USER).emit('replaced', {});
    gateway.socket(USER).cut();
    await expect(ended).resolves.toMatchObject({ code: 'replaced' });
    // A later connection comes through; the replaced one has not tried in between.
    await connect();
    expect(gateway.count('handshake')).toBe(2);
    await expect(client.conversation(CONVERSATION).read(1)).rejects.toMatchObject({
      code: 'replaced',
    });
  });
});
