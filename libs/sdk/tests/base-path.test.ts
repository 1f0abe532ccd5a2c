import { connectAgent, connectClient, register } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

describe.each(TRANSPORTS)('over $name, below a path of a site', ({ options: transport }) => {
  let gateway: FakeGateway;
  beforeEach(async () => {
    gateway = new FakeGateway('/sub/chat');
    await gateway.start();
  });
  afterEach(() => gateway.stop());

  it.each(['', '/'])('everything is asked for there (%j at its end)', async (end) => {
    const url = gateway.url + end;
    const person = { url, username: 'ada', password: 'right' };
    // The fake knows no such route: that it was asked for at all is what matters.
    await register(person).catch(() => undefined);
    const client = await connectClient({ ...transport, ...person });
    const agent = await connectAgent({ ...transport, url, apiKey: 'key-1' });
    agent.onMessage((message, conversation) => conversation.send(`echo: ${message.content}`));
    await client.conversation(CONVERSATION).send('hello');
    await until(() => gateway.messages().some(({ sender }) => sender.id === AGENT), 'an answer');
    expect(gateway.sockets.has(USER)).toBe(true);
    expect(gateway.count('POST /auth/user')).toBe(1);
    expect(gateway.count('rest of the site')).toBe(0);
    await client.close();
    await agent.close();
  });
});
