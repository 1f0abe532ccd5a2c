import {
  TestSocket,
  TestSocketPlain,
  waitFor,
  type ServiceProcess,
  type TestSocketBase,
  type Transport,
} from '@agent-messenger/testkit';
import type { Lease } from '@agent-messenger/contracts';
import { gatewaysOf, startReliability, type Member, type Reliability } from './setup';

/** What a busy machine keeps, though a process stands still for seconds now and then. */
const LEASE_TTL_MS = 15_000;
const AT_ONCE = 10;
const ROUNDS = 5;

let system: Reliability;
let first: ServiceProcess;
let second: ServiceProcess;
beforeAll(async () => {
  system = await startReliability({ env: { gateway: { LEASE_TTL_MS: `${LEASE_TTL_MS}` } } });
  [first, second] = gatewaysOf(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);

interface Attempt {
  socket: TestSocketBase;
  /** Refused, or gone after it was connected. */
  hasEnded(): boolean;
}

const open: TestSocketBase[] = [];
afterEach(() => open.splice(0).forEach((socket) => socket.close()));

function connect({ url }: ServiceProcess, { kind, token }: Member, transport: Transport): Attempt {
  const namespace = kind === 'user' ? '/client' : '/agent';
  if (transport === 'ws') {
    const socket = new TestSocketPlain(url, namespace, { token });
    open.push(socket);
    return { socket, hasEnded: () => socket.closed !== undefined };
  }
  const socket = new TestSocket(url, namespace, { token });
  open.push(socket);
  let isOver = false;
  for (const end of ['connect_error', 'disconnect'] as const) {
    socket.socket.once(end, () => (isOver = true));
  }
  return { socket, hasEnded: () => isOver };
}

async function leaseOf({ id }: Member): Promise<Lease | null> {
  const text = await system.redis.get(system.names.lease(id));
  return text === null ? null : (JSON.parse(text) as Lease);
}

test('of ten connections of one identity at once, on two gateways and transports, one stands', async () => {
  const { agent, conversation } = await system.pair();
  for (let round = 0; round < ROUNDS; round += 1) {
    const attempts = Array.from({ length: AT_ONCE }, (_, n) => {
      return connect(n % 2 ? first : second, agent, n % 4 < 2 ? 'ws' : 'socket.io');
    });
    const standing = () => attempts.filter((attempt) => !attempt.hasEnded());
    await waitFor(() => standing().length === 1, { describe: 'one that stands' });
    const [one] = standing() as [Attempt];
    await one.socket.synced();
    // It is the one with the lease, it can write, and it was told nothing else.
    const [{ connection_id } = { connection_id: '' }] = one.socket.all('connected');
    expect(await leaseOf(agent)).toMatchObject({ connection_id });
    await one.socket.send(conversation, `round-${round}`, 'mine');
    expect(one.socket.all('replaced')).toEqual([]);
    expect(standing()).toEqual([one]);
    // The next ones come while this one stands.
  }
}, 60_000);

test('a gateway that wakes up past its leases delivers nothing more and writes nothing for who is elsewhere', async () => {
  const [moved, alone] = await Promise.all([system.pair(), system.pair()]);
  const sender = await system.socket(first, moved.agent).synced();
  const other = await system.socket(first, alone.person).synced();
  const old = connect(second, moved.person, 'socket.io');
  const lost = connect(second, alone.agent, 'ws');
  await Promise.all([old, lost].map(({ socket }) => socket.synced()));
  await sender.send(moved.conversation, 'one', 'one');
  await other.send(alone.conversation, 'one', 'one');
  await Promise.all([old, lost].map(({ socket }) => socket.when('event', ({ seq }) => seq === 2)));

  second.pause();
  // Relayed to the gateway that stands still, for as long as its leases live.
  await sender.send(moved.conversation, 'two', 'two');
  await other.send(alone.conversation, 'two', 'two');
  const stale = old.socket.send(moved.conversation, 'stale', 'of who was superseded').then(
    () => 'accepted',
    () => 'refused',
  );
  await waitFor(async () => !(await leaseOf(moved.person)) && !(await leaseOf(alone.agent)));
  const current = await system.socket(first, moved.person).synced();
  second.resume();
  await waitFor(() => old.hasEnded() && lost.hasEnded());
  old.socket.close();
  expect(await stale).toBe('refused');
  for (const { socket } of [old, lost]) expect(socket.contents).toEqual(['one']);

  await sender.send(moved.conversation, 'three', 'three');
  await current.when('event', ({ seq }) => seq === 4);
  expect(current.contents).toEqual(['one', 'two', 'three']);
  const back = await system.socket(second, alone.agent).synced();
  expect(back.contents).toEqual(['one', 'two']);
}, 60_000);
