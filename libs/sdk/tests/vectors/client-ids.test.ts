import { connectAgent, type Agent, type ReplyHandle } from '../../src';
import { AGENT, CONVERSATION, FakeGateway, USER } from '../fake-gateway';
import { until } from '../until';
import { vectors } from './vectors';

type Say = 'send' | 'stream' | 'ask' | 'own' | 'failed';
interface Case {
  name: string;
  says: Say[];
  client_ids: string[];
}
let gateway: FakeGateway;
let agent: Agent;

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.start();
  const backoff = { minMs: 1, maxMs: 2 };
  agent = await connectAgent({ url: gateway.url, apiKey: 'key-1', backoff, log: () => undefined });
});
afterEach(async () => {
  await agent.close({ deadlineMs: 0 });
  await gateway.stop();
});

async function say(what: Say, conversation: ReplyHandle): Promise<unknown> {
  switch (what) {
    case 'send':
      return conversation.send('text');
    case 'own':
      return conversation.send('text', { client_id: 'own' });
    case 'stream': {
      const stream = conversation.stream();
      stream.append('text');
      return stream.end();
    }
    case 'ask': {
      const answer = conversation.ask('Well?', ['yes']);
      await until(() => gateway.messages().some(({ actions }) => actions), 'the question');
      gateway.logs.get(CONVERSATION)?.choose(USER, gateway.messages().at(-1)!.id, 'yes');
      gateway.tell();
      return answer;
    }
    case 'failed':
      throw new Error('it fails');
  }
}

test.each(vectors<Case>('client-ids'))('$name', async ({ says, client_ids }) => {
  agent.onMessage(async (_, conversation) => {
    for (const what of says) await say(what, conversation);
  });
  const { id } = gateway.say(USER, 'question');
  const ids = () =>
    gateway
      .messages()
      .filter(({ sender }) => sender.id === AGENT)
      .map(({ client_id }) => client_id.replace(id, 'msg_1'));
  await until(() => ids().length === client_ids.length, 'what it says');
  expect(ids()).toEqual(client_ids);
});
