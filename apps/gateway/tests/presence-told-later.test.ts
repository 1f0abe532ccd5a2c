import type { Presence, PresenceChange } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { CatchUp } from '../src/connections/catch-up';
import type { PresenceService } from '../src/presence/presence';
import { connectionOf, silent } from './fakes';
import type { LeaseStack } from './lease-setup';
import { startLeaseStack } from './lease-setup';

const id = 'agt_1';

let stack: LeaseStack;
let presence: PresenceService;

beforeAll(async () => {
  stack = await startLeaseStack();
});
afterAll(() => stack.close());
beforeEach(() => {
  ({ presence } = stack.holder(stack.fresh()));
});

test('who reads slowly is told in the end how things stand, of those that are still watched', async () => {
  const { connection, live } = connectionOf();
  const change = (identity_id: string, status: PresenceChange['status']): PresenceChange[] => [
    { identity_id, status, last_seen_ms: 0 },
  ];
  presence.watchAllowed(connection, [id, 'agt_2', 'agt_3']);
  live.fill();
  presence.announce(change(id, 'busy'));
  presence.announce(change('agt_2', 'busy'));
  presence.announce(change('agt_3', 'busy'));
  presence.announce(change(id, 'offline'));
  presence.watchAllowed(connection, [id, 'agt_2']);
  expect(live.sent).toEqual([]);
  live.drain();
  const told = () =>
    live.sent.map(({ payload }) => {
      const { identity_id, status } = payload as Presence;
      return [identity_id, status];
    });
  await waitFor(() => told().length === 2);
  presence.announce(change(id, 'online'));
  expect(told()).toEqual([
    [id, 'offline'],
    ['agt_2', 'busy'],
    [id, 'online'],
  ]);
});

test('presence that could not be found out is asked for again, though nothing else happens', async () => {
  let failures = 2;
  const catchUp = new CatchUp({
    messages: { listPending: () => Promise.resolve({ pending: [], next_cursor: null }) },
    presence: {
      of(ids) {
        failures -= 1;
        if (failures >= 0) throw new AppError('unavailable', 'The store is away');
        return presence.of(ids);
      },
      send: (connection, one) => presence.send(connection, one),
    },
    streams: { join: () => Promise.resolve() },
    leaseTtlMs: 50,
    log: silent,
  });
  const { connection, live } = connectionOf();
  presence.watchAllowed(connection, [id]);
  await catchUp.recover(connection);
  await waitFor(() => live.sent.length);
  expect(live.sent).toMatchObject([
    { name: 'presence', payload: { identity_id: id, status: 'offline' } },
  ]);
});
