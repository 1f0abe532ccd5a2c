import { connectClient, MessengerError, type Client, type ClientOptions, type Event } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

describe.each(TRANSPORTS)('over $name', ({ options: transport }) => {
  const backoff = { minMs: 5, maxMs: 20 };
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

  async function connect(password = 'right', more: Partial<ClientOptions> = {}): Promise<Client> {
    const client = await connectClient({
      ...transport,
      url: gateway.url,
      username: 'ada',
      password,
      backoff,
      ...more,
    });
    open.push(client);
    return client;
  }

  function collect(client: Client): Event[] {
    const events: Event[] = [];
    client.on('event', (event) => events.push(event));
    return events;
  }
  const seqs = (events: Event[]) => events.map((event) => event.seq);
  const contents = () => gateway.messages().map((message) => message.content);

  describe('connectClient', () => {
    it('delivers what was undelivered, in order, then goes on live, and reports it', async () => {
      gateway.say(AGENT, 'missed');
      const client = await connect();
      expect(client.identity).toEqual({ kind: 'user', id: USER });
      const events = collect(client);
      await until(() => events.length === 2, 'backlog');
      gateway.say(AGENT, 'live');
      await until(() => events.length === 3, 'live event');
      expect(seqs(events)).toEqual([1, 2, 3]);
      await until(() => gateway.delivered.get(`${USER} ${CONVERSATION}`) === 3, 'received');
    });

    it('takes a receipt that comes before it is greeted for nothing', async () => {
      gateway.early = {
        conversation_id: CONVERSATION,
        identity_id: USER,
        delivered_seq: 1,
        read_seq: 1,
      };
      gateway.say(AGENT, 'missed');
      const client = await connect();
      const events = collect(client);
      await until(() => events.length === 2, 'backlog');
      expect(client.identity).toEqual({ kind: 'user', id: USER });
    });

    it('says whether somebody sees what was received, if the application knows', async () => {
      let isVisible = false;
      const client = await connect('right', {
        isVisible: (id) => isVisible && id === CONVERSATION,
      });
      const said = () =>
        gateway.seen
          .filter(({ name }) => name === 'received')
          .map(({ data }) => (data as { visible?: boolean }).visible);
      collect(client);
      await until(() => said().length === 1, 'the first report');
      isVisible = true;
      gateway.say(AGENT, 'before their eyes');
      await until(() => said().length === 2, 'the second report');
      expect(said()).toEqual([false, true]);
    });

    it('takes no responsibility for events before somebody listens', async () => {
      const client = await connect();
      gateway.say(AGENT, 'early');
      await client.request('read', { conversation_id: CONVERSATION, seq: 1 });
      expect(gateway.count('received')).toBe(0);
      const events = collect(client);
      await until(() => events.length === 2, 'events kept until then');
    });

    it('rejects at once with wrong credentials and without a server', async () => {
      await expect(connect('wrong')).rejects.toBeInstanceOf(MessengerError);
      await expect(
        connectClient({ url: 'http://127.0.0.1:1', username: 'ada', password: 'right' }),
      ).rejects.toMatchObject({ code: 'unreachable' });
    });

    it('goes to the next gateway when one is gone', async () => {
      const url = ['http://127.0.0.1:1', gateway.url];
      const client = await connectClient({
        ...transport,
        url,
        username: 'ada',
        password: 'right',
        backoff,
      });
      open.push(client);
      expect(client.conversations()).toHaveLength(1);
    });
  });

  describe('sending', () => {
    it('repeats an unacked message under the same client_id and keeps the order', async () => {
      const client = await connect();
      const events = collect(client);
      let failures = 0;
      gateway.onSend = (send) => {
        if (send.content !== 'one') return null;
        if (failures++ === 0) return { code: 'unavailable', message: 'later', retry_after_ms: 5 };
        return failures === 2 ? 'lose' : null;
      };
      const conversation = client.conversation(CONVERSATION);
      const [one, two] = await Promise.all([conversation.send('one'), conversation.send('two')]);
      expect(one.duplicate).toBe(true);
      expect(two.duplicate).toBe(false);
      expect(contents()).toEqual(['one', 'two']);
      await until(() => events.length === 3, 'own messages as events');
      expect(seqs(events)).toEqual([1, 2, 3]);
    });

    it('refuses what no server would take, and more than the outbox holds', async () => {
      const options = {
        ...transport,
        url: gateway.url,
        username: 'ada',
        password: 'right',
        outboxLimit: 1,
      };
      const client = await connectClient(options);
      open.push(client);
      const conversation = client.conversation(CONVERSATION);
      await expect(conversation.send('x'.repeat(70_000))).rejects.toMatchObject({
        code: 'invalid_payload',
      });
      const first = conversation.send('fits');
      await expect(conversation.send('too many')).rejects.toMatchObject({ code: 'outbox_full' });
      await first;
    });

    it('passes a refusal on, and goes on with the next', async () => {
      const client = await connect();
      gateway.onSend = (send) =>
        send.content === 'bad' ? { code: 'not_found', message: 'no such thing' } : null;
      const conversation = client.conversation(CONVERSATION);
      const bad = conversation.send('bad');
      const good = conversation.send('good');
      await expect(bad).rejects.toMatchObject({ code: 'not_found' });
      await expect(good).resolves.toMatchObject({ duplicate: false });
    });

    it('waits for acks on close, and rejects what has none by then', async () => {
      const client = await connect();
      const sent = client.conversation(CONVERSATION).send('last words');
      await client.close();
      await expect(sent).resolves.toMatchObject({ duplicate: false });
      await expect(client.conversation(CONVERSATION).send('x')).rejects.toMatchObject({
        code: 'closed',
      });
    });
  });

  describe('after a lost connection', () => {
    it('resumes without losing or repeating an event', async () => {
      const client = await connect();
      const events = collect(client);
      await until(() => events.length === 1, 'first event');
      gateway.socket(USER).cut();
      gateway.say(AGENT, 'meanwhile');
      await until(() => events.length === 2, 'event after the reconnect');
      gateway.say(AGENT, 'lost on its way', { live: false });
      gateway.say(AGENT, 'tells of the gap');
      await until(() => events.length === 4, 'gap filled');
      expect(seqs(events)).toEqual([1, 2, 3, 4]);
    });

    it('reads from the log what another device of the same person has taken', async () => {
      const client = await connect();
      const events = collect(client);
      await until(() => events.length === 1, 'first event');
      gateway.say(AGENT, 'shown elsewhere', { live: false });
      gateway.delivered.set(`${USER} ${CONVERSATION}`, 2);
      gateway.socket(USER).cut();
      await until(() => events.length === 2, 'own copy completed');
      expect(client.conversations()[0]).toMatchObject({ last_seq: 2 });
    });

    it('says so when it has listed what no event tells', async () => {
      const client = await connect();
      const listed: unknown[] = [];
      client.on('listed', () => listed.push(client.conversations()[0]?.last_seq));
      gateway.say(AGENT, 'meanwhile', { live: false });
      gateway.socket(USER).cut();
      // Events wait: nobody listens for them.
      await until(() => listed.includes(2), 'the listing');
    });

    it('drops its positions when the log is another one', async () => {
      gateway.say(AGENT, 'before');
      const client = await connect();
      const events = collect(client);
      await until(() => events.length === 2, 'events of the first log');
      const reset = new Promise((resolve) => client.on('reset', resolve));
      gateway.logId = 'log-2';
      gateway.delivered.clear();
      gateway.socket(USER).cut();
      await expect(reset).resolves.toBe('log-2');
      await until(() => events.length === 4, 'events of the other log');
      expect(seqs(events)).toEqual([1, 2, 1, 2]);
    });

    it('watches presence again', async () => {
      const client = await connect();
      await expect(client.watchPresence([AGENT])).resolves.toHaveLength(1);
      const seen = new Promise((resolve) => client.on('presence', resolve));
      gateway.socket(USER).cut();
      await expect(seen).resolves.toMatchObject({ identity_id: AGENT });
    });
  });

  describe('what the server says about the connection', () => {
    it('stays away when replaced', async () => {
      const first = await connect();
      const ended = new Promise<MessengerError>((resolve) => first.on('ended', resolve));
      const second = await connect();
      await expect(ended).resolves.toMatchObject({ code: 'replaced' });
      await expect(first.conversation(CONVERSATION).send('x')).rejects.toMatchObject({
        code: 'replaced',
      });
      await expect(second.conversation(CONVERSATION).send('y')).resolves.toBeDefined();
    });

    it('moves when a gateway drains, and stays away when it is told to', async () => {
      const client = await connect();
      let connects = 0;
      client.on('connected', () => connects++);
      gateway.socket(USER).emit('draining', { reconnect_after_ms: 1 });
      await until(() => connects === 1, 'moved');
      const ended = new Promise<MessengerError>((resolve) => client.on('ended', resolve));
      gateway.socket(USER).emit('closing', { code: 'revoked', reconnect: false });
      gateway.socket(USER).dismiss();
      await expect(ended).resolves.toMatchObject({ code: 'revoked' });
    });

    it('comes back after a refusal with a hint, not after one without', async () => {
      const client = await connect();
      let refusals = 0;
      gateway.onHandshake = () =>
        refusals++ < 2 ? { code: 'unavailable', message: 'busy', retry_after_ms: 1 } : null;
      const connected = new Promise((resolve) => client.on('connected', resolve));
      gateway.socket(USER).cut();
      await connected;
      expect(refusals).toBe(3);
      gateway.onHandshake = () => ({ code: 'forbidden', message: 'no' });
      const ended = new Promise<MessengerError>((resolve) => client.on('ended', resolve));
      gateway.socket(USER).cut();
      await expect(ended).resolves.toMatchObject({ code: 'forbidden' });
    });

    it('takes a new token when the kept one is refused', async () => {
      const client = await connect();
      gateway.tokens.clear();
      const connected = new Promise((resolve) => client.on('connected', resolve));
      gateway.socket(USER).cut();
      await connected;
      expect(gateway.count('POST /auth/refresh')).toBe(1);
      expect(gateway.count('POST /auth/login')).toBe(1);
    });

    it('hands over a new token before the old one expires', async () => {
      gateway.expiresIn = 1;
      await connect();
      await until(() => gateway.count('auth:refresh') > 0, 'auth:refresh');
    });
  });

  it('keeps the list of conversations: begun elsewhere, last message, unread', async () => {
    const client = await connect();
    const events = collect(client);
    gateway.open('cnv_2');
    await until(() => events.length === 2, 'second conversation');
    gateway.say(AGENT, 'hello', { id: 'cnv_2' });
    await until(() => events.length === 3, 'message');
    expect(client.conversation('cnv_2').state).toMatchObject({
      last_message: { content: 'hello' },
      unread_count: 1,
    });
    await client.conversation('cnv_2').read(2);
    expect(client.conversation('cnv_2').state).toMatchObject({ unread_count: 0, read_seq: 2 });
  });
});
