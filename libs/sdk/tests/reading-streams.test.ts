import { connectClient, type Client, type StreamView } from '../src';
import { AGENT, CONVERSATION, FakeGateway } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

const stream = { conversation_id: CONVERSATION, stream_id: 's-1', agent_id: AGENT };

describe.each(TRANSPORTS)('a person over $name', ({ options: transport }) => {
  let gateway: FakeGateway;
  let client: Client;
  const views: StreamView[] = [];

  beforeEach(async () => {
    views.length = 0;
    gateway = new FakeGateway();
    await gateway.start();
    client = await connectClient({
      ...transport,
      url: gateway.url,
      username: 'ada',
      password: 'right',
      backoff: { minMs: 2, maxMs: 5 },
    });
    client.on('stream', (view) => views.push(view));
  });
  afterEach(async () => {
    await client.close({ deadlineMs: 0 });
    await gateway.stop();
  });
  const tell = (kind: 'start' | 'append', offset: number, text: string, more = {}) =>
    gateway.socket(client.identity.id).emit('stream', { ...stream, kind, offset, text, ...more });

  it('sees an answer while it is written, and no longer once its message is there', async () => {
    const shown: string[] = [];
    client.on('message', ({ content }) =>
      shown.push(`${content} beside ${client.streams(CONVERSATION).length}`),
    );
    tell('start', 0, 'Hel');
    tell('append', 3, 'lo');
    await until(() => client.streams()[0]?.text === 'Hello', 'the text');
    gateway.say(AGENT, 'Hello', { client_id: 's-1' });
    await until(() => shown.length === 1, 'the message');
    expect(shown).toEqual(['Hello beside 0']);
    expect(views.at(-1)).toMatchObject({ ...stream, text: 'Hello', status: 'over' });
  });

  it('drops a stream that the server does not know when something of it was missed', async () => {
    tell('append', 3, 'lo');
    await until(() => views.at(-1)?.status === 'over', 'the end');
    expect(gateway.seen.find(({ name }) => name === 'stream:get')?.data).toEqual(stream);
  });

  it('asks the agent to stop; one that has ended already is no error', async () => {
    await client.conversation(CONVERSATION).stop(stream);
    expect(gateway.seen.at(-1)).toMatchObject({ name: 'stream:stop', data: stream });
  });

  it('hears what an agent is doing', async () => {
    const activity = new Promise((resolve) => client.on('activity', resolve));
    const said = { conversation_id: CONVERSATION, identity_id: AGENT, state: 'thinking' } as const;
    gateway.socket(client.identity.id).emit('activity', said);
    expect(await activity).toEqual(said);
  });
});
