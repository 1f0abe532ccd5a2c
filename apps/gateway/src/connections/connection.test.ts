import { closeCodeSchema } from '@agent-messenger/contracts';
import { connectionOf, eventOf, GREETING, ungreeted } from '../../tests/fakes';
import { bothClocks, later } from './deadline';

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

test('a receipt waits for the next event, or a moment; of one position the last one counts', () => {
  const { connection, live } = connectionOf();
  const receipt = (delivered_seq: number, identity_id = 'agt_1') => ({
    ...{ conversation_id: 'cnv_a', identity_id, delivered_seq, read_seq: 0 },
  });
  connection.sendReceipt(receipt(1));
  connection.sendReceipt(receipt(2));
  connection.sendReceipt(receipt(1, 'agt_2'));
  expect(live.sent).toEqual([]);
  connection.sendEvent(eventOf('cnv_a', 3));
  expect(live.sent).toEqual([
    { name: 'event', payload: eventOf('cnv_a', 3) },
    { name: 'receipt', payload: receipt(2) },
    { name: 'receipt', payload: receipt(1, 'agt_2') },
  ]);
  connection.sendReceipt(receipt(4));
  jest.advanceTimersByTime(100);
  expect(live.sent.slice(3)).toEqual([{ name: 'receipt', payload: receipt(4) }]);
  connection.sendReceipt(receipt(5));
  connection.ended();
  connection.sendReceipt(receipt(6));
  jest.advanceTimersByTime(1_000);
  expect(live.sent).toHaveLength(4);
});

test('it is greeted first, and what comes before is left to what it reads then', () => {
  const { connection, live } = ungreeted();
  connection.sendReceipt({
    ...{ conversation_id: 'cnv_a', identity_id: 'agt_1', delivered_seq: 1, read_seq: 0 },
  });
  jest.advanceTimersByTime(100);
  connection.send('draining', { reconnect_after_ms: 0 });
  expect(live.sent).toEqual([]);
  connection.greet(GREETING);
  connection.sendEvent(eventOf('cnv_a', 1));
  expect(live.sent).toEqual([
    { name: 'connected', payload: GREETING },
    { name: 'event', payload: eventOf('cnv_a', 1) },
  ]);
});

test('past the deadline nothing is written', () => {
  const { connection, live } = connectionOf({ lastsMs: 1_000 });
  jest.advanceTimersByTime(999);
  connection.send('synced', {});
  jest.advanceTimersByTime(1);
  connection.send('synced', {});
  expect(live.sent).toHaveLength(1);
  expect(connection.isCurrent).toBe(false);
});

test.each([
  ['the machine was suspended: its monotonic clock stood still', 60_000, 'lease_lost'],
  ['the wall clock was set back: the monotonic one counts', -60_000, undefined],
])('%s', (_what, step, code) => {
  const { connection, live } = connectionOf({ lastsMs: 1_000 });
  jest.setSystemTime(Date.now() + step);
  connection.send('synced', {});
  expect(live.sent).toHaveLength(code ? 0 : 1);
  connection.leaseRenewed(later(bothClocks(), 1_000));
  expect(connection.closedWith).toBe(code);
  jest.advanceTimersByTime(1_000);
  expect(connection.isCurrent).toBe(false);
});

test('a renewal only moves the deadline on', () => {
  const { connection } = connectionOf({ lastsMs: 1_000 });
  connection.leaseRenewed(later(bothClocks(), 3_000));
  connection.leaseRenewed(later(bothClocks(), 2_000));
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
  jest.advanceTimersByTime(19_999);
  connection.closeIfDue();
  expect(live.closes).toEqual([]);
  jest.advanceTimersByTime(1);
  connection.closeIfDue();
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
