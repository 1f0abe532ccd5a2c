import { connectClient, type Client } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { until } from './until';

const passing = { code: 'unavailable', message: 'away for a moment' } as const;

/** Nothing happens besides, and the connection stands: no reconnect and no other event makes up for what failed. */
describe('while all else is quiet', () => {
  let gateway: FakeGateway;
  let client: Client;

  beforeEach(async () => {
    gateway = new FakeGateway();
    await gateway.start();
    gateway.say(AGENT, 'hello');
    const login = { username: 'ada', password: 'right' };
    client = await connectClient({
      url: gateway.url,
      ...login,
      backoff: { minMs: 2, maxMs: 5 },
    });
    client.on('event', () => undefined);
  });
  afterEach(async () => {
    await client.close({ deadlineMs: 0 });
    await gateway.stop();
  });

  /** The next of these requests are refused for now. */
  function refuse(name: string, times: number): void {
    let left = times;
    const refusal = (asked: string) => (asked === name && left-- > 0 ? passing : null);
    gateway.onRequest = refusal;
    gateway.onRest = refusal;
  }
  const listed = () => client.conversations().map(({ id }) => id);

  it('a conversation that could not be loaded is loaded when it can be', async () => {
    refuse('GET /conversations/cnv_2', 3);
    gateway.open('cnv_2');
    await until(() => listed().includes('cnv_2'), 'the new conversation');
  });

  it('presence that could not be watched is watched when it can be, the newest set', async () => {
    refuse('presence:watch', 3);
    const [first, second] = await Promise.all([
      client.watchPresence(['agt_2']),
      client.watchPresence([AGENT]),
    ]);
    expect([first, second]).toMatchObject(Array(2).fill([{ identity_id: AGENT }]));

    refuse('presence:watch', 2);
    const told = new Promise((resolve) => client.on('presence', resolve));
    gateway.socket(USER).cut();
    await expect(told).resolves.toMatchObject({ identity_id: AGENT });
  });

  it('presence that waits to be watched is asked for once, however often it reconnects meanwhile', async () => {
    await client.watchPresence([AGENT]);
    const refusal = { ...passing, retry_after_ms: 500 };
    let refusals = 0;
    gateway.onRequest = (name) => (name === 'presence:watch' && ++refusals === 1 ? refusal : null);
    const told = new Promise((resolve) => client.on('presence', resolve));
    for (let n = 0; n < 3; n += 1) {
      const synced = new Promise((resolve) => client.on('synced', resolve));
      gateway.socket(USER).cut();
      await synced;
    }
    await told;
    expect(gateway.seen.filter(({ name }) => name === 'presence:watch')).toHaveLength(3);
  });

  it('what changed while an earlier listing was on its way is listed after it', async () => {
    let arrive = () => undefined as void;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const isListing = (path: string) => path === 'GET /conversations';
    const reconnect = () => {
      const synced = new Promise((resolve) => client.on('synced', resolve));
      gateway.socket(USER).cut();
      return synced;
    };
    gateway.beforeAnswer = (path) => (isListing(path) ? arrived : null);
    const before = gateway.count('GET /conversations');
    await reconnect();
    await until(() => gateway.count('GET /conversations') > before, 'a listing');
    // On another device, while this one is away: no event tells of it.
    gateway.logs.get(CONVERSATION)!.readSeq = 2;
    await reconnect();
    arrive();
    await until(() => client.conversations()[0]?.read_seq === 2, 'what was read elsewhere');
  });
});
