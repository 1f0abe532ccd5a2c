import { connectAgent, type Agent, type AgentOptions, type AgentStream } from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { TRANSPORTS } from './transports';
import { until } from './until';

describe.each(TRANSPORTS)('an agent over $name', ({ options: transport }) => {
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
      backoff: { minMs: 2, maxMs: 5 },
      log: () => undefined,
      ...options,
    });
    open.push(agent);
    return agent;
  }
  const answers = () => gateway.messages().filter(({ sender }) => sender.id === AGENT);
  const written = (id: string) => gateway.streams.open.get(id)?.text;
  const settled = () =>
    until(
      () => gateway.delivered.get(`${AGENT} ${CONVERSATION}`) === gateway.log().length,
      'all received',
    );
  const begin = async (): Promise<AgentStream> => {
    const agent = await connect();
    agent.onMessage(() => undefined);
    return agent.conversation(CONVERSATION).stream();
  };

  it('writes an answer that is one message in the end, with the id of its stream', async () => {
    const agent = await connect();
    agent.onMessage(async (message, conversation) => {
      const stream = conversation.stream({ reply_to: message.id });
      stream.append('Hel');
      await until(() => written(stream.id) === 'Hel', 'the first token');
      stream.append('lo\ud83d');
      stream.append('\ude00');
      const { duplicate } = await stream.end({ metadata: { model: 'm' } });
      expect(duplicate).toBe(false);
    });
    const { id } = gateway.say(USER, 'question');
    await settled();
    expect(answers()).toMatchObject([
      { client_id: `${id}:1`, content: 'Hello😀', metadata: { model: 'm' } },
    ]);
    expect(gateway.seen.find(({ name }) => name === 'stream:start')?.data).toEqual({
      conversation_id: CONVERSATION,
      stream_id: `${id}:1`,
      reply_to: id,
    });
    expect(gateway.count('stream:end')).toBe(1);
  });

  it('sends what comes fast together, at most 20 times a second', async () => {
    const stream = await begin();
    const text = 'abcdefghij'.repeat(20);
    const from = performance.now();
    for (const letter of text) stream.append(letter);
    await until(() => written(stream.id) === text, 'the text');
    for (const letter of text) {
      stream.append(letter);
      await new Promise(setImmediate);
    }
    await until(() => written(stream.id) === text + text, 'the rest');
    const pieces = gateway.count('stream:append');
    expect(pieces).toBeLessThan(text.length);
    expect(pieces).toBeLessThanOrEqual(1 + (performance.now() - from) / 50);
    await stream.end();
  });

  it('goes on where the server is after a reconnect, and after a piece was lost', async () => {
    const stream = await begin();
    stream.append('one ');
    await until(() => written(stream.id) === 'one ', 'one');
    gateway.socket(AGENT).cut();
    stream.append('two ');
    await until(() => written(stream.id) === 'one two ', 'two');
    gateway.streams.loses = 1;
    stream.append('three ');
    await until(() => gateway.streams.loses === 0, 'the loss');
    stream.append('four ');
    await until(() => written(stream.id) === 'one two three four ', 'three and four');
    await stream.end();
    expect(answers()).toMatchObject([{ content: 'one two three four ' }]);
    expect(gateway.streams.pieces.filter(({ kind }) => kind === 'start')).toHaveLength(1);
  });

  it('begins anew when the server has lost the stream, and ends one that it does not have', async () => {
    const stream = await begin();
    stream.append('one ');
    await until(() => written(stream.id) === 'one ', 'one');
    gateway.streams.forget();
    stream.append('two ');
    await until(() => written(stream.id) === 'one two ', 'the whole');
    gateway.streams.forget();
    await expect(stream.end()).resolves.toMatchObject({ message: { content: 'one two ' } });
    expect(answers()).toHaveLength(1);
  });

  it('ends with the whole text when the last piece was lost', async () => {
    const stream = await begin();
    stream.append('one ');
    await until(() => written(stream.id) === 'one ', 'one');
    gateway.streams.loses = 1;
    stream.append('two');
    await expect(stream.end()).resolves.toMatchObject({ message: { content: 'one two' } });
    expect(gateway.count('stream:end')).toBe(2);
  });

  it('replaces an answer that was cut off while it was away', async () => {
    const stream = await begin();
    stream.append('one ');
    await until(() => written(stream.id) === 'one ', 'one');
    gateway.streams.interrupt(AGENT, stream.id);
    gateway.socket(AGENT).cut();
    stream.append('two');
    await stream.end();
    expect(answers()).toMatchObject([{ content: 'one two' }]);
    expect(answers()[0]?.state).toBeUndefined();
  });

  it('sends one message at the end where the gateway has no streams', async () => {
    gateway.streams.isOld = true;
    const stream = await begin();
    stream.append('one ');
    stream.append('two');
    await expect(stream.end()).resolves.toMatchObject({ message: { client_id: stream.id } });
    const failing = open[0]!.conversation(CONVERSATION).stream();
    failing.append('half');
    await failing.fail('no model');
    expect(answers()).toMatchObject([
      { content: 'one two' },
      { content: 'half', state: 'failed', error: 'no model' },
    ]);
    expect(gateway.count('stream:append')).toBe(0);
  });

  it('is told when a person stops it: what was written is the answer', async () => {
    const agent = await connect();
    const reasons: unknown[] = [];
    agent.onMessage(async ({ content }, conversation, { signal }) => {
      if (content !== 'long') return conversation.send('next');
      const stream = conversation.stream();
      stream.append('once upon');
      await new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }).catch((error: unknown) => {
        reasons.push(error);
        stream.append(' a time');
        // As clients of models do.
        throw error;
      });
    });
    const { id } = gateway.say(USER, 'long');
    gateway.say(USER, 'short');
    await until(() => written(`${id}:1`) === 'once upon', 'the beginning');
    const stopped = { conversation_id: CONVERSATION, stream_id: `${id}:1` };
    gateway.socket(AGENT).emit('stream:stop', stopped);
    await settled();
    expect(answers()).toMatchObject([{ content: 'once upon' }, { content: 'next' }]);
    expect(reasons).toMatchObject([{ code: 'stopped' }]);
  });

  it('is not stopped by what is said of a stream of the same id in another conversation', async () => {
    const agent = await connect();
    const stream = agent.conversation(CONVERSATION).stream();
    stream.append('once');
    await until(() => written(stream.id) === 'once', 'the beginning');
    const here = { conversation_id: CONVERSATION, stream_id: stream.id };
    gateway.socket(AGENT).emit('stream:stop', { ...here, conversation_id: 'cnv_elsewhere' });
    // It is behind the stop, and has the text sent again.
    gateway.socket(AGENT).emit('stream:state', { ...here, offset: 0 });
    await until(() => gateway.count('stream:append') === 2, 'the text again');
    stream.append(' upon a time');
    await stream.end();
    expect(stream.signal.aborted).toBe(false);
    expect(answers()).toMatchObject([{ content: 'once upon a time' }]);
  });

  it('stopped before its first word, and told so only when it starts', async () => {
    const agent = await connect();
    agent.onMessage(() => undefined);
    gateway.streams.request(AGENT, 'stream:start', {
      conversation_id: CONVERSATION,
      stream_id: 's-1',
    });
    gateway.streams.open.get('s-1')!.stopped = true;
    let signal: AbortSignal | undefined;
    agent.onMessage(async (_, conversation) => {
      const stream = conversation.stream();
      signal = stream.signal;
      await new Promise((resolve) => stream.signal.addEventListener('abort', resolve));
    });
    const { id } = gateway.say(USER, 'question');
    await until(() => gateway.streams.open.has(`${id}:1`), 'the start');
    gateway.streams.open.get(`${id}:1`)!.stopped = true;
    gateway.socket(AGENT).cut();
    await settled();
    expect(signal?.aborted).toBe(true);
    expect(answers()).toMatchObject([{ content: '', state: 'interrupted' }]);
  });

  it('a run that is repeated writes its answer anew; what it ended before stands', async () => {
    const agent = await connect();
    let runs = 0;
    agent.onMessage(async (_, conversation) => {
      runs++;
      const first = conversation.stream();
      first.append(`first ${runs}`);
      await first.end();
      const second = conversation.stream();
      second.append(`second ${runs}`);
      await until(() => written(second.id) === `second ${runs}`, 'the second');
      if (runs === 1) throw new Error('once');
      // Left open: it ends with the handler.
    });
    gateway.say(USER, 'question');
    await settled();
    expect(answers().map(({ content }) => content)).toEqual(['first 1', 'second 2']);
  });

  it('an answer that fails for good is marked so, with what there is of it', async () => {
    const agent = await connect();
    agent.onMessage(async (_, conversation) => {
      const stream = conversation.stream();
      stream.append('half');
      await until(() => written(stream.id) === 'half', 'the half');
      throw new Error('no model');
    });
    const { id } = gateway.say(USER, 'question');
    await settled();
    expect(answers()).toMatchObject([
      {
        client_id: `${id}:1`,
        content: 'half',
        state: 'failed',
        error: 'The agent could not answer this message.',
      },
    ]);
  });

  it('an answer without text, and one that is too long, are refused here', async () => {
    const stream = await begin();
    const again = open[0]!.conversation(CONVERSATION).stream();
    await expect(stream.end()).rejects.toMatchObject({ code: 'invalid_payload' });
    again.append('x'.repeat(65_536));
    expect(() => again.append('y')).toThrow(/at most 65536 bytes/);
    await again.end();
    expect(answers().map(({ content }) => content?.length)).toEqual([65_536]);
  });
});
