import { closeCodeSchema } from '@agent-messenger/contracts';
import { connectionOf } from '../../tests/fakes';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test.each(closeCodeSchema.options)('%s is told once, and nothing after it', (code) => {
  const { connection, live } = connectionOf();
  connection.close(code, 250);
  connection.close('internal');
  connection.send('synced', {});
  connection.sendEphemeral('synced', {});
  const staysAway = ['replaced', 'revoked', 'unauthorized'].includes(code);
  expect(live.sent).toEqual([
    code === 'replaced'
      ? { name: 'replaced', payload: {} }
      : { name: 'closing', payload: { code, reconnect: !staysAway, retry_after_ms: 250 } },
  ]);
  expect(live.closes).toHaveLength(1);
  const isCut = ['lease_lost', 'slow_consumer'].includes(code);
  expect(live.closes[0]).toBe(staysAway ? 'stay_away' : isCut ? 'terminate' : 'reconnect');
});

test('past the deadline nothing is written', () => {
  const { connection, live } = connectionOf({ deadline: performance.now() + 1_000 });
  jest.advanceTimersByTime(999);
  connection.send('synced', {});
  jest.advanceTimersByTime(1);
  connection.send('synced', {});
  expect(live.sent).toHaveLength(1);
  expect(connection.isCurrent).toBe(false);
});

test('a renewal only moves the deadline on', () => {
  const { connection } = connectionOf({ deadline: performance.now() + 1_000 });
  connection.leaseRenewed(performance.now() + 3_000);
  connection.leaseRenewed(performance.now() + 2_000);
  jest.advanceTimersByTime(2_500);
  expect(connection.isCurrent).toBe(true);
});

test('it is closed when its token expires, however far off that is', () => {
  const { connection, live } = connectionOf();
  connection.expireAt(Date.now() + 1_000);
  connection.expireAt(Date.now() + 10_000);
  jest.advanceTimersByTime(9_999);
  expect(live.closes).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(live.sent).toEqual([
    { name: 'closing', payload: { code: 'token_expired', reconnect: true } },
  ]);

  const far = connectionOf();
  far.connection.expireAt(Date.now() + 3_000_000_000);
  jest.advanceTimersByTime(1_000_000);
  expect(far.live.closes).toEqual([]);
  far.connection.expireAt(null);
  far.connection.ended();
});

test('it leaves no timer behind', () => {
  const { connection } = connectionOf();
  connection.expireAt(Date.now() + 10_000);
  connection.limitAge(20_000);
  connection.ended();
  connection.expireAt(Date.now() + 10_000);
  connection.limitAge(20_000);
  expect(jest.getTimerCount()).toBe(0);
});

test('at its maximum age it is asked to move', () => {
  const { connection, live } = connectionOf();
  connection.limitAge(20_000);
  jest.advanceTimersByTime(20_000);
  expect(live.sent).toContainEqual({
    name: 'closing',
    payload: expect.objectContaining({ code: 'max_age', reconnect: true }) as unknown,
  });
  expect(live.closes).toEqual(['reconnect']);
});

test('ephemeral events are dropped above the high-water mark, others are not', () => {
  const { connection, live } = connectionOf();
  live.fill();
  connection.sendEphemeral('synced', {});
  expect(live.sent).toEqual([]);
  connection.send('synced', {});
  expect(live.sent).toHaveLength(1);
});
