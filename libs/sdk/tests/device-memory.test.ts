import { connectClient, type Client, type ClientOptions, type Event } from '../src';
import { Disk } from './disk';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { until } from './until';

const backoff = { minMs: 2, maxMs: 5 };
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

async function connect(options: Partial<ClientOptions>): Promise<Client> {
  const credentials = { username: 'ada', password: 'right' };
  const client = await connectClient({ url: gateway.url, ...credentials, backoff, ...options });
  open.push(client);
  return client;
}
function collect(client: Client, events: Event[] = []): Event[] {
  client.on('event', (event) => events.push(event));
  return events;
}
const contents = () => gateway.messages().map(({ content }) => content);
const seqs = (events: Event[]) => events.map(({ seq }) => seq);
const later = { code: 'unavailable' as const, message: 'later', retry_after_ms: 1 };
const give = (client: Client) => client.close({ deadlineMs: 0 });

describe('unsent messages', () => {
  it('go out after a reload, in order, before what is sent then, and once', async () => {
    const storage = new Disk();
    const before = await connect({ storage });
    // The first is committed and its ack lost; the second never gets there.
    gateway.onSend = ({ content }) =>
      content === 'one' && contents().length === 0 ? 'lose' : later;
    const sends = ['one', 'two'].map((text) => before.conversation(CONVERSATION).send(text));
    const refused = Promise.allSettled(sends);
    await until(() => contents().length === 1 && gateway.count('message:send') > 1, 'tries');
    await give(before);
    await expect(refused).resolves.toMatchObject([
      { reason: { code: 'closed' } },
      { reason: { code: 'closed' } },
    ]);

    gateway.onSend = () => null;
    const after = await connect({ storage });
    expect(after.unsent().map(({ content }) => content)).toEqual(['one', 'two']);
    await after.conversation(CONVERSATION).send('three');
    expect(contents()).toEqual(['one', 'two', 'three']);
    expect(after.unsent()).toEqual([]);
    await after.close();

    const tries = gateway.count('message:send');
    const again = await connect({ storage });
    expect(again.unsent()).toEqual([]);
    expect(gateway.count('message:send')).toBe(tries);
  });

  it('stay when a newer connection takes over, and are told of when they are refused', async () => {
    const storage = new Disk();
    const before = await connect({ storage });
    gateway.onSend = () => later;
    const sent = before.conversation(CONVERSATION).send('unlucky');
    const ended = expect(sent).rejects.toMatchObject({ code: 'replaced' });
    await until(() => gateway.count('message:send') > 0, 'a try');
    const after = await connect({ storage });
    await ended;
    const failure = new Promise((resolve) =>
      after.on('sendFailed', (error, send) => resolve([error, send.content])),
    );
    gateway.onSend = () => ({ code: 'not_found', message: 'gone' });
    await expect(failure).resolves.toMatchObject([{ code: 'not_found' }, 'unlucky']);
    expect(after.unsent()).toEqual([]);
  });

  it('of somebody else are not sent', async () => {
    const storage = new Disk();
    const send = { conversation_id: CONVERSATION, client_id: 'c-1', content: 'of another' };
    const outbox = { identity_id: 'usr_2', sends: [send] };
    await storage.set('agent-messenger:outbox', JSON.stringify(outbox));
    const client = await connect({ storage });
    await client.conversation(CONVERSATION).send('mine');
    expect(contents()).toEqual(['mine']);
  });
});

describe('positions', () => {
  it('two devices in turn: each ends with the full history, each event once', async () => {
    const devices = [new Disk(), new Disk()].map((storage) => ({
      storage,
      events: [] as Event[],
    }));
    for (let turn = 0; turn < 4; turn++) {
      const device = devices[turn % 2];
      if (!device) continue;
      const client = await connect({ storage: device.storage });
      collect(client, device.events);
      gateway.say(AGENT, `to device ${turn % 2}`);
      await client.conversation(CONVERSATION).send(`from device ${turn % 2}`);
      const last = gateway.log().length;
      await until(() => device.events.at(-1)?.seq === last, `device ${turn % 2} is up to date`);
      await client.close();
      gateway.say(AGENT, 'while nobody is there');
    }
    for (const { storage, events } of devices) {
      const client = await connect({ storage });
      collect(client, events);
      const all = seqs(gateway.log());
      await until(() => events.at(-1)?.seq === all.length, 'the rest');
      await client.close();
    }
    const [first, second] = devices.map(({ events }) => seqs(events));
    expect(first).toEqual(seqs(gateway.log()));
    // The second device was new when the first had taken the beginning: history has that.
    const begin = second?.[0] ?? 0;
    expect(second).toEqual(seqs(gateway.log()).filter((seq) => seq >= begin));
  });

  it('of another log are dropped', async () => {
    const storage = new Disk();
    const before = await connect({ storage });
    const events = collect(before);
    gateway.say(AGENT, 'before the restore');
    await until(() => events.length === 2, 'events');
    await before.close();
    expect(before.logId).toBe('log-1');
    gateway.logId = 'log-2';
    gateway.delivered.clear();
    const after = await connect({ storage });
    expect(after.logId).toBe('log-2');
    const again = collect(after);
    await until(() => again.length === 2, 'events of the other log');
  });

  it('tell of what was deleted while nobody was there, then forget it', async () => {
    const storage = new Disk();
    gateway.open('cnv_2');
    const before = await connect({ storage });
    const events = collect(before);
    await until(() => events.length === 2, 'events');
    await before.close();
    gateway.logs.get('cnv_2')?.close();
    gateway.delivered.set(`${USER} cnv_2`, 2);
    const after = await connect({ storage });
    const rest = collect(after);
    await until(() => rest.length === 1, 'the last event');
    expect(rest).toMatchObject([{ conversation_id: 'cnv_2', type: 'conversation.deleted' }]);
  });
});

it('goes on in memory when the storage fails or holds nonsense', async () => {
  const storage = new Disk();
  await storage.set('agent-messenger:outbox', '{"identity_id":"usr_1","sends":[{"no":1}]}');
  await storage.set('agent-messenger:positions', 'null');
  storage.set = () => Promise.reject(new Error('quota'));
  const client = await connect({ storage });
  const failure = new Promise((resolve) => client.on('error', resolve));
  await client.conversation(CONVERSATION).send('still goes');
  await expect(failure).resolves.toMatchObject({ message: 'quota' });
  expect(contents()).toEqual(['still goes']);
});

describe('a list', () => {
  it.each([
    ['a new device', null],
    ['a device that goes on where it stood', new Disk()],
  ])('of %s does not wait for what was missed', async (_, storage) => {
    const options = storage ? { storage } : {};
    gateway.say(AGENT, 'received');
    const before = await connect(options);
    const had = collect(before);
    await until(() => had.at(-1)?.seq === 2, 'what is received');
    await before.close();
    gateway.say(AGENT, 'missed');
    let write: () => void = () => undefined;
    gateway.beforeBacklog = new Promise((resolve) => (write = resolve));

    const client = await connect(options);
    expect(client.conversations()).toMatchObject([
      { last_message: { content: 'missed' }, last_seq: 3 },
    ]);
    const events = collect(client);
    write();
    await until(() => events.at(-1)?.seq === 3, 'what was missed');
    gateway.say(AGENT, 'live');
    await until(() => events.at(-1)?.seq === 4, 'what comes after it');
    expect(seqs(events)).toEqual([3, 4]);
    expect(client.conversations()).toMatchObject([{ last_message: { content: 'live' } }]);
    // What the server writes by itself is not read from the log as well.
    expect(gateway.count('sync')).toBe(0);
  });
});
