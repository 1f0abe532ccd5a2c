import { connectAgent, connectClient, type Agent, type Client } from '../src';
import { CONVERSATION, FakeGateway, USER, AGENT } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

describe.each(TRANSPORTS)('over $name, a failure that passes', ({ options: transport }) => {
  const backoff = { minMs: 2, maxMs: 5 };
  let gateway: FakeGateway;
  const open: (Client | Agent)[] = [];
  beforeEach(async () => {
    gateway = new FakeGateway();
    await gateway.start();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close({ deadlineMs: 0 })));
    await gateway.stop();
  });

  it.each(['unavailable', 'internal'] as const)('drops no send: %s', async (code) => {
    const login = { username: 'ada', password: 'right' };
    const client = await connectClient({ ...transport, url: gateway.url, ...login, backoff });
    open.push(client);
    let failures = 0;
    gateway.onSend = () => (failures++ < 3 ? { code, message: 'disk full' } : null);
    await expect(client.conversation(CONVERSATION).send('kept')).resolves.toBeDefined();
    expect(failures).toBe(4);
    expect(client.unsent()).toEqual([]);
  });

  it.each(['unavailable', 'internal', 'rate_limited'] as const)(
    'ends no agent, with or without a hint: %s',
    async (code) => {
      const options = { ...transport, url: gateway.url, apiKey: 'key-1', backoff };
      const agent = await connectAgent(options);
      open.push(agent);
      let refusals = 0;
      gateway.onHandshake = () => (refusals++ < 2 ? { code, message: 'disk full' } : null);
      const connected = new Promise((resolve) => agent.on('connected', resolve));
      gateway.socket(AGENT).emit('closing', { code, reconnect: false });
      gateway.socket(AGENT).cut();
      await connected;
      agent.onMessage((message, conversation) => conversation.send(message.content));
      gateway.say(USER, 'still there?');
      await until(() => gateway.messages().length === 2, 'an answer');
    },
  );

  it('is a token that expired on its way: a new one is asked for until one arrives in time', async () => {
    gateway.expiresIn = 0;
    let refusals = 0;
    gateway.onHandshake = () =>
      refusals++ < 2 ? { code: 'unauthorized', message: 'The access token has expired' } : null;
    const options = { ...transport, url: gateway.url, apiKey: 'key-1', backoff };
    open.push(await connectAgent(options));
    const handshakes = () => gateway.seen.filter(({ name }) => name === 'handshake');
    const shown = handshakes();
    expect(shown).toHaveLength(3);
    expect(new Set(shown.map(({ data }) => (data as { token: string }).token)).size).toBe(3);

    gateway.expiresIn = 300;
    gateway.onHandshake = () => ({ code: 'unauthorized', message: 'not valid' });
    await expect(connectAgent(options)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(handshakes()).toHaveLength(4);
  });
});
