import {
  connectAgent,
  type Agent,
  type IncomingMessage,
  type MessengerError,
  type ReplyHandle,
} from '../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from './fake-gateway';
import { until } from './until';

describe('a send that is refused', () => {
  let gateway: FakeGateway;
  let agent: Agent;
  const failures: string[] = [];
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);

  beforeEach(async () => {
    failures.length = 0;
    unhandled.length = 0;
    process.on('unhandledRejection', note);
    gateway = new FakeGateway();
    await gateway.start();
    const backoff = { minMs: 2, maxMs: 5 };
    agent = await connectAgent({ url: gateway.url, apiKey: 'key-1', backoff });
    agent.on('handlerError', (error, message) =>
      failures.push(`${message.content}: ${(error as MessengerError).code}`),
    );
  });
  afterEach(async () => {
    await agent.close({ deadlineMs: 0 });
    await gateway.stop();
    process.off('unhandledRejection', note);
  });

  const refuse = (content: string, code: 'not_found' | 'conflict', times: number) => {
    gateway.onSend = (send) =>
      send.content === content && times-- > 0 ? { code, message: 'no' } : null;
  };
  const answers = () =>
    gateway
      .messages()
      .flatMap(({ sender, content }) => (sender.id === AGENT && content !== '' ? [content] : []));
  const received = () =>
    until(
      () => gateway.delivered.get(`${AGENT} ${CONVERSATION}`) === gateway.log().length,
      'all received',
    );
  /** Runs the handler for one message until it is received; how often that was. */
  async function runs(
    handler: (message: IncomingMessage, conversation: ReplyHandle) => unknown,
  ): Promise<number> {
    let count = 0;
    agent.onMessage((message, conversation) => {
      count++;
      return handler(message, conversation);
    });
    gateway.say(USER, 'question');
    await received();
    return count;
  }

  it('and that nobody awaits runs the handler again', async () => {
    refuse('answer', 'conflict', 1);
    const count = await runs((_, conversation) => {
      void conversation.send('answer');
    });
    expect(count).toBe(2);
    expect(answers()).toEqual(['answer']);
    expect(failures).toEqual([]);
    expect(unhandled).toEqual([]);
  });

  it('and that nobody awaits is reported in the end', async () => {
    refuse('answer', 'conflict', Infinity);
    const count = await runs((message, conversation) => {
      void conversation.send('answer');
      void conversation.react(message.id, '👍');
    });
    expect(count).toBe(4);
    expect(failures).toEqual(['question: conflict']);
    expect(unhandled).toEqual([]);
  });

  it('is the affair of a handler that catches it', async () => {
    refuse('answer', 'conflict', Infinity);
    gateway.onChange = () => ({ code: 'conflict', message: 'no' });
    const count = await runs(async (_, conversation) => {
      await conversation.send('answer').catch(() => conversation.send('sorry'));
      conversation.edit('msg_1', 'x').catch(() => undefined);
    });
    expect(count).toBe(1);
    expect(answers()).toEqual(['sorry']);
    expect(failures).toEqual([]);
  });

  it('tells less than the error of the handler itself', async () => {
    refuse('answer', 'conflict', Infinity);
    const errors: unknown[] = [];
    agent.on('handlerError', (error) => errors.push(error));
    const own = new Error('own');
    await runs((_, conversation) => {
      void conversation.send('answer');
      throw own;
    });
    expect(errors).toEqual([own]);
    expect(unhandled).toEqual([]);
  });

  it.each(['awaited', 'not awaited'])('for good is reported at once: %s', async (how) => {
    refuse('answer', 'not_found', Infinity);
    const count = await runs((_, conversation) => {
      const sent = conversation.send('answer');
      return how === 'awaited' ? sent : undefined;
    });
    expect(count).toBe(1);
    expect(failures).toEqual(['question: not_found']);
    expect(unhandled).toEqual([]);
  });

  it('for its size, before any server saw it, is reported at once', async () => {
    const count = await runs((_, conversation) => {
      void conversation.send('x'.repeat(70_000));
    });
    expect(count).toBe(1);
    expect(failures).toEqual(['question: invalid_payload']);
  });
});
