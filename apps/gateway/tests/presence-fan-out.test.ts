import type { PresenceChange } from '@agent-messenger/contracts';
import { connectRedis, Scope } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { GatewayChannel } from '../src/bus/gateway-channel';
import type { FakeLive } from './fakes';
import { connectionOf, silent } from './fakes';
import type { LeaseStack } from './lease-setup';
import { startLeaseStack } from './lease-setup';

const WATCHERS = 10_000;
const id = 'agt_1';

let stack: LeaseStack;
let scope: Scope;

beforeAll(async () => {
  stack = await startLeaseStack();
});
afterAll(() => stack.close());
beforeEach(() => void (scope = new Scope(silent)));
afterEach(() => scope.close());

const presences = ({ sent }: FakeLive) =>
  sent.flatMap(({ name, payload }) =>
    name === 'presence' ? [(payload as { status: string }).status] : [],
  );

test('ten thousand who watch an agent are told by one Redis message a gateway and change', async () => {
  const names = stack.fresh();
  /** The part of a gateway that tells watchers, with a subscription of its own, and half of the watchers. */
  async function gateway(share: number) {
    const holder = stack.holder(names);
    const subscriber = await connectRedis(stack.process.url, {
      name: 'channel',
      log: silent,
      scope,
      options: { autoResubscribe: false },
    });
    const heard: PresenceChange[] = [];
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === names.presence) heard.push(...(JSON.parse(text) as PresenceChange[]));
    });
    const channel = new GatewayChannel({
      ...holder,
      names,
      subscriber,
      publisher: stack.redis,
      onEvent: () => undefined,
      onStream: () => undefined,
      log: silent,
    });
    await channel.start(scope, () => undefined);
    holder.presence.start(scope);
    const lives = Array.from({ length: WATCHERS / 2 }, (_, index) => {
      const watcher = `usr_${share}-${index}`;
      const { connection, live } = connectionOf({ id: watcher, identityId: watcher });
      holder.presence.watchAllowed(connection, [id, 'agt_2']);
      return live;
    });
    return { ...holder, heard, lives };
  }
  const gateways = await Promise.all([gateway(0), gateway(1)]);
  const monitor = await stack.redis.monitor();
  scope.defer('monitor', () => monitor.disconnect());
  const published: string[] = [];
  monitor.on('monitor', (_time: string, [command = '', channel, text = '']: string[]) => {
    if (command.toLowerCase() === 'publish' && channel === names.presence) published.push(text);
  });
  expect(await stack.redis.pubsub('NUMSUB', names.presence)).toEqual([names.presence, 2]);

  const lives = gateways.flatMap((one) => one.lives);
  const told = (statuses: string[]) =>
    waitFor(() => lives.every((live) => presences(live).length >= statuses.length)).then(() =>
      expect(new Set(lives.map((live) => presences(live).join()))).toEqual(
        new Set([statuses.join()]),
      ),
    );
  const [{ leases, connect, leave }] = gateways;
  const { connection } = await connect(id);
  await told(['online']);
  await leases.setStatus(connection, 'busy');
  await told(['online', 'busy']);
  await leave(connection);
  // The hold has no status.
  await told(['online', 'busy', 'online', 'offline']);

  await waitFor(() => published.length >= 4);
  const changes = published.flatMap((text) => JSON.parse(text) as PresenceChange[]);
  expect(changes.map(({ status }) => status)).toEqual(['online', 'busy', 'online', 'offline']);
  expect(published).toHaveLength(changes.length);
  for (const { heard } of gateways) expect(heard).toEqual(changes);
});
