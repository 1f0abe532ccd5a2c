import type { Conversation } from '@agent-messenger/contracts';
import {
  ABUSE_ENVIRONMENT,
  createAgent,
  createPerson,
  GREEDY_ADDRESS,
  GREEDY_PEERS,
  openTestSocket,
  rest,
  startStack,
  type AbuseScene,
  type Stack,
  type TestSocketBase,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { documentedTable } from './documented-table';

/** Who spends all of a budget is refused alike, and sooner, when that is smaller. */
const env = {
  ...ABUSE_ENVIRONMENT,
  gateway: {
    ...ABUSE_ENVIRONMENT['gateway'],
    SENDS_PER_MINUTE: '120',
    READS_PER_MINUTE: '3000',
    REQUESTS_PER_MINUTE_IP: '1200',
    MAX_CONNECTIONS_PER_IP: '100',
    STREAM_BYTES_PER_MINUTE: '1048576',
    HTTP_STALL_TIMEOUT_MS: '2000',
  },
  // More than 120 of the largest messages, less than as many with metadata.
  messages: { STORAGE_PERSON_MIB: '8' },
};

let stack: Stack;
let scene: AbuseScene;
let pids: Record<string, number>;
let witness: { person: TestSocketBase; agent: TestSocketBase; conversation: string };

beforeAll(async () => {
  stack = await startStack({ env });
  const url = stack.gateways[0]?.url ?? '';
  const admin = { url: stack.adminUrl, key: stack.adminKey };
  scene = { url, admin, address: GREEDY_ADDRESS };
  const [{ access_token: token }, { id, api_key }] = await Promise.all([
    createPerson(url),
    createAgent(admin.url, admin.key),
  ]);
  const body = { agent_id: id };
  const opened = await rest(url, 'POST', '/conversations', { body, bearer: token });
  witness = {
    person: await openTestSocket('socket.io', url, '/client', { token }).synced(),
    agent: await openTestSocket('ws', url, '/agent', { api_key }).synced(),
    conversation: (opened.body as Conversation).id,
  };
  pids = stack.pids();
}, 60_000);
afterAll(async () => {
  witness.person.close();
  witness.agent.close();
  await stack.stop();
}, 60_000);

test('each of them is documented, with what it is answered', () => {
  const documented = documentedTable('Greedy peers');
  expect(documented).toEqual(
    Object.fromEntries(
      GREEDY_PEERS.map(({ name, does, answers }) => [
        name,
        { 'what it does': does, 'what it is answered': answers.join(' or ') },
      ]),
    ),
  );
});

test.each(GREEDY_PEERS.map((peer, index) => [peer.name, peer, index] as const))(
  '%s: is answered as it should be, and others are served',
  async (_name, { answers, first, prepare }, index) => {
    // Each has an address of its own, of which nothing is spent.
    const round = await prepare({ ...scene, address: `127.0.66.${index + 1}` });
    expect(first === undefined ? answers : [first]).toContain(await round());
    const { message } = await witness.person.send(witness.conversation, randomUUID(), 'and I?');
    await witness.agent.when('event', ({ seq }) => seq === message.seq);
    expect(stack.pids()).toEqual(pids);
  },
  60_000,
);

test('none of this is an error of a gateway', () => {
  expect(stack.logs('gateway-1')).not.toMatch(/"level":[56]0/);
});
