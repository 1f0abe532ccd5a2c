import type { Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  rest,
  startFaultProxy,
  TestSocket,
  waitFor,
  type Stack,
} from '@agent-messenger/testkit';
import { HEARTBEAT_S, runExample, type Example } from './run-example';

/** Toolchains compile first. */
const PATIENCE = { timeoutMs: 60_000 };

/** For `auth`: after one wrong secret of a key the right one has to wait, and is told how long. */
export const ONE_WRONG_KEY = { FAILED_ATTEMPTS_MAX: '1', FAILED_ATTEMPTS_WAIT_MS: '10000' };

/** A life of an agent on the network that it has: it misses nothing, answers once, and ends when it is to. */
export async function liveThrough(example: Example, stack: Stack): Promise<void> {
  const url = stack.gateways[0]?.url ?? '';
  const agent = await createAgent(stack.adminUrl, stack.adminKey, { name: example.name });
  const network = await startFaultProxy({ target: Number(new URL(url).port) });
  const [slow, quick] = [await talker(url, agent.id), await talker(url, agent.id)];
  // Written before it was ever there.
  await slow.ask('Are you there?');
  network.cut();
  const running = runExample(example, {
    url: `http://127.0.0.1:${network.port}`,
    apiKey: agent.api_key,
  });
  try {
    const connects = () => running.lines.filter((line) => line.startsWith('connected')).length;
    const reconnected = (count: number) => waitFor(() => connects() >= count, PATIENCE);
    // It is there before the server is, and is told to wait.
    await waitFor(() => running.lines.some(isEnd), PATIENCE);
    const wrong = agent.api_key.replace(/.{43}$/, 'x'.repeat(43));
    const guesser = new TestSocket(url, '/agent', { api_key: wrong });
    expect(await guesser.refused()).toMatchObject({ code: 'unauthorized' });
    guesser.close();
    network.heal();
    await slow.answered('Are you there?');
    // Its own wait is shorter.
    expect(running.lines.filter((line) => line.startsWith('error')).length).toBeLessThanOrEqual(1);

    // Who waits for an answer in one conversation, for longer than two heartbeats, holds up no other, nor pongs.
    const thinks = `sleep ${2 * HEARTBEAT_S + 1}`;
    await slow.ask(thinks);
    await slow.ask('And then?');
    await quick.ask('Is anybody free?');
    await quick.answered('Is anybody free?');
    await slow.answered('And then?');
    expect(slow.echoes()).toEqual(['echo: Are you there?', `echo: ${thinks}`, 'echo: And then?']);
    expect(quick.answeredAt('Is anybody free?')).toBeLessThan(slow.answeredAt(thinks));
    await slow.received(agent.id);
    expect(connects()).toBe(1);

    network.cut();
    await slow.ask('Still there?');
    network.heal();
    await slow.answered('Still there?');
    await reconnected(2);

    // The server vanishes without a word.
    network.halfOpen();
    const before = running.lines.length;
    await waitFor(() => running.lines.slice(before).some(isEnd), PATIENCE);
    await slow.ask('And now?');
    network.heal();
    await slow.answered('And now?');
    await reconnected(3);
    await slow.received(agent.id);
    expect(new Set(slow.echoes()).size).toBe(slow.echoes().length);

    const other = await new TestSocket(url, '/agent', { api_key: agent.api_key }).synced();
    expect(await running.ended).toBe(1);
    expect(running.lines.some((line) => line.startsWith('replaced'))).toBe(true);
    other.close();
  } catch (error) {
    throw new Error(`${example.name} printed:\n${running.lines.join('\n')}`, { cause: error });
  } finally {
    running.kill();
    slow.socket.close();
    quick.socket.close();
    await network.close();
  }
}

const isEnd = (line: string) => line.startsWith('disconnected');

/** A person who talks to an agent. */
async function talker(url: string, agentId: string) {
  const person = await createPerson(url);
  const bearer = person.access_token;
  const body = { agent_id: agentId };
  const opened = await rest(url, 'POST', '/conversations', { bearer, body });
  const { id } = opened.body as Conversation;
  const socket = await new TestSocket(url, '/client', { token: bearer }).synced();
  let asked = 0;
  const echoes = () => socket.contents.filter((content) => content?.startsWith('echo: '));
  return {
    socket,
    echoes,
    ask: (text: string) => socket.send(id, `ask-${(asked += 1)}`, text),
    answered: (text: string) =>
      waitFor(() => echoes().includes(`echo: ${text}`), {
        ...PATIENCE,
        describe: `echo of ${text}`,
      }),
    /** By the clock of the store. */
    answeredAt: (text: string) => {
      const content = `echo: ${text}`;
      const [at = NaN] = socket.events.flatMap((event) =>
        event.type === 'message.created' && event.message.content === content
          ? [Date.parse(event.at)]
          : [],
      );
      return at;
    },
    /** Everything that the agent was sent, its own answers too. */
    received: (identityId: string) =>
      waitFor(async () => {
        const { body } = await rest(url, 'GET', `/conversations/${id}`, { bearer });
        const { members, last_seq } = body as Conversation;
        return members.find((member) => member.id === identityId)?.delivered_seq === last_seq;
      }, PATIENCE),
  };
}
