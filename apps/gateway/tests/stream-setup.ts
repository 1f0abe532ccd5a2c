import type { RequestInput, RequestName } from '@agent-messenger/contracts';
import { StreamCopies, waitFor, type TestSocketBase } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { AGENT, API_KEY, startHarness, type Harness, type TestGateway } from './harness';

export type Transport = 'socket.io' | 'ws';

/** A conversation of its own, with its ids and short words for what agents and readers do there. */
export interface Talk {
  conversation_id: `cnv_${string}`;
  person: `usr_${string}`;
  agent(gateway: TestGateway, transport?: Transport): Promise<TestSocketBase>;
  reader(gateway: TestGateway, transport?: Transport): Promise<TestSocketBase>;
  /** The payload of a request about a stream of this conversation. */
  of(stream_id: string): { conversation_id: `cnv_${string}`; stream_id: string };
  ofAgent(stream_id: string): RequestInput<'stream:get'>;
}

/** Two gateways for the tests of one file; there once they run. */
export interface GatewayPair {
  harness: Harness;
  here: TestGateway;
  there: TestGateway;
  /** A conversation that no other test has. */
  talk(): Talk;
}

export function useGateways(env: NodeJS.ProcessEnv = {}): GatewayPair {
  const pair = {} as GatewayPair;
  beforeAll(async () => {
    const harness = await startHarness();
    const [here, there] = [await harness.gateway(env), await harness.gateway(env)];
    Object.assign(pair, { harness, here, there, talk: () => talkOf(harness) });
  });
  afterAll(() => pair.harness.close());
  return pair;
}

function talkOf(harness: Harness): Talk {
  const conversation_id = `cnv_${randomUUID()}` as const;
  const person = `usr_${randomUUID()}` as const;
  harness.store.addConversation(conversation_id, [person, AGENT]);
  const open = (
    gateway: TestGateway,
    namespace: '/client' | '/agent',
    auth: Record<string, unknown>,
    transport: Transport = 'socket.io',
  ): Promise<TestSocketBase> =>
    harness[transport === 'ws' ? 'plain' : 'socket'](gateway, namespace, auth).synced();
  const of = (stream_id: string) => ({ conversation_id, stream_id });
  return {
    conversation_id,
    person,
    agent: (gateway, transport) => open(gateway, '/agent', { api_key: API_KEY }, transport),
    reader: (gateway, transport) =>
      open(gateway, '/client', { token: harness.token(person) }, transport),
    of,
    ofAgent: (stream_id) => ({ ...of(stream_id), agent_id: AGENT }),
  };
}

/** Asks, and throws when it is refused. */
export async function ask<N extends RequestName>(
  socket: TestSocketBase,
  name: N,
  payload: RequestInput<N>,
) {
  const answer = await socket.request(name, payload);
  if (!answer.ok) throw new Error(`${name}: ${answer.error.code} ${answer.error.message}`);
  return answer;
}

export function copiesOf(socket: TestSocketBase): StreamCopies {
  return StreamCopies.of(socket.all('stream'));
}

/** The reader has this text, and was sent nothing that does not fit. */
export async function reads(socket: TestSocketBase, stream_id: string, text: string) {
  await waitFor(() => copiesOf(socket).text(stream_id) === text, {
    describe: `${stream_id} with ${text.length} units`,
    intervalMs: 5,
  });
  expect(copiesOf(socket).problems).toEqual([]);
}
