import type { TestSocket } from '@agent-messenger/testkit';
import { waitFor } from '@agent-messenger/testkit';
import { deferred } from './fakes';
import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';

let harness: Harness;
let gateway: TestGateway;
let agent: TestSocket;

beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
  agent = await harness.agent(await harness.gateway());
});
afterAll(() => harness.close());

/** The next call of this hook is held. */
function hold(hook: 'authorizing' | 'connecting' | 'answering') {
  const { promise, resolve } = deferred<void>();
  const before = harness.store[hook];
  let isHeld = false;
  harness.store[hook] = () => {
    harness.store[hook] = before;
    isHeld = true;
    return promise;
  };
  return { reached: () => waitFor(() => isHeld), release: resolve };
}

test.each(['socket', 'plain'] as const)(
  'what is committed before, while and after the lease is taken comes once and in order (%s)',
  async (transport) => {
    const id = `usr_${transport}`;
    const conversation = `cnv_${transport}`;
    harness.store.addConversation(conversation, [id, AGENT]);
    const said: string[] = [];
    const say = async (content: string) => {
      said.push(content);
      await agent.send(conversation, `${transport}-${said.length}`, content);
    };
    const moments = [hold('authorizing'), hold('connecting'), hold('answering')];
    const person = harness[transport](gateway, '/client', { token: harness.token(id) });
    const names = ['before the lease', 'with the lease', 'behind the backlog'];
    for (const [index, moment] of moments.entries()) {
      await moment.reached();
      await say(`${names[index]}, once`);
      await say(`${names[index]}, and again`);
      moment.release();
    }
    await person.synced();
    await say('live');
    await waitFor(() => person.contents.includes('live'));
    expect(person.contents).toEqual(said);
    expect(person.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  },
);
