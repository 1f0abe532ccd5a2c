import type { AuditRecord } from '@agent-messenger/contracts';
import { Counter, Registry } from 'prom-client';
import { AuditLog } from './audit-log';
import { AppError } from './app-error';
import { createLogger } from './logger';

const by = { actor: { kind: 'anyone' as const, id: null }, ip: '192.0.2.1' };
const login: AuditRecord = { ...by, action: 'user.login', target: null, result: 'unauthorized' };

function start() {
  const registry = new Registry();
  const calls: AuditRecord[][] = [];
  const store = {
    failure: undefined as AppError | undefined,
    async recordAudit({ records }: { records: AuditRecord[] }) {
      if (store.failure) throw store.failure;
      calls.push(records);
      return {};
    },
  };
  const dropped = new Counter({ name: 'dropped', help: 'dropped', registers: [registry] });
  const log = createLogger({ name: 'test', level: 'silent' });
  const audit = new AuditLog({ store, dropped, log });
  const droppedCount = async () => (await dropped.get()).values[0]?.value;
  return { audit, store, calls, droppedCount };
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('records wait for each other, a second at most', async () => {
  const { audit, calls } = start();
  audit.record(login);
  audit.record({ ...login, target: 'usr_1' });
  expect(calls).toEqual([]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls).toEqual([[login, { ...login, target: 'usr_1' }]]);
  expect(jest.getTimerCount()).toBe(0);
});

test('what is repeated is counted, and told at the end of its minute', async () => {
  const { audit, calls } = start();
  for (let n = 0; n < 3; n++) audit.record(login);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls).toEqual([[{ ...login, count: 3 }]]);
  for (let n = 0; n < 40; n++) {
    audit.record(login);
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(calls).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(20_000);
  expect(calls.slice(1)).toEqual([[{ ...login, count: 40 }]]);
  expect(jest.getTimerCount()).toBe(0);
  audit.record(login);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls).toHaveLength(3);
});

test('an address is its network, and an action is an action', async () => {
  const { audit, calls } = start();
  const from = (ip: string, action: AuditRecord['action'] = 'user.login') =>
    audit.record({ ...login, action, ip });
  from('2001:db8::1');
  from('2001:db8::2');
  from('2001:db8:0:1::1');
  from('2001:db8::3', 'user.refresh');
  await audit.close();
  expect(calls[0]?.map(({ ip, action, count }) => [ip, action, count])).toEqual([
    ['2001:db8::1', 'user.login', 2],
    ['2001:db8:0:1::1', 'user.login', undefined],
    ['2001:db8::3', 'user.refresh', undefined],
  ]);
});

test('a flood from one address is a few entries, whatever it is about, and displaces no other', async () => {
  const { audit, calls, droppedCount } = start();
  for (let n = 0; n < 10_000; n++) audit.record({ ...login, target: `usr_${n}` });
  audit.record({ ...login, ip: '192.0.2.2' });
  await jest.advanceTimersByTimeAsync(1_000);
  const [records = []] = calls;
  expect(records).toHaveLength(12);
  expect(records[10]).toEqual({ ...login, target: null, count: 9_990 });
  expect(records[11]).toEqual({ ...login, ip: '192.0.2.2' });
  expect(await droppedCount()).toBe(0);
});

test('a flood from the networks of one site displaces no other', async () => {
  const { audit, calls, droppedCount } = start();
  for (let n = 0; n < 3_000; n++) audit.record({ ...login, ip: `2001:db8:0:${n.toString(16)}::1` });
  audit.record({ ...login, ip: '2001:db8:1::1' });
  audit.record({ ...login, ip: '2001:db8:0:bb8::1', action: 'user.refresh' });
  await jest.advanceTimersByTimeAsync(1_000);
  const told = calls.flat().map(({ ip, action, count }) => [ip, action, count]);
  expect(told).toHaveLength(11);
  expect(told.slice(7)).toEqual([
    ['2001:db8:0:7::1', 'user.login', undefined],
    ['2001:db8:0:8::1', 'user.login', 2_992],
    ['2001:db8:1::1', 'user.login', undefined],
    ['2001:db8:0:bb8::1', 'user.refresh', undefined],
  ]);
  expect(await droppedCount()).toBe(0);
});

test('more addresses than there is room for are left out and counted', async () => {
  const { audit, calls, droppedCount } = start();
  const flood = () => {
    for (let n = 0; n < 3_000; n++) audit.record({ ...login, ip: `10.0.${n >> 8}.${n & 255}` });
  };
  flood();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls.map((records) => records.length)).toEqual([500, 500, 500, 500]);
  expect(await droppedCount()).toBe(1_000);
  // A minute later there is room again.
  await jest.advanceTimersByTimeAsync(60_000);
  audit.record({ ...login, ip: '192.0.2.3' });
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls.at(-1)).toEqual([{ ...login, ip: '192.0.2.3' }]);
});

test('closing sends what waits, and leaves no timer', async () => {
  const { audit, calls } = start();
  audit.record(login);
  await audit.close();
  expect(calls).toEqual([[login]]);
  expect(jest.getTimerCount()).toBe(0);
});

test('while the store is away the refusals are counted, and told when it is back', async () => {
  const { audit, store, calls, droppedCount } = start();
  store.failure = new AppError('unavailable', 'away');
  for (let n = 0; n < 150; n++) {
    audit.record(login);
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(calls).toEqual([]);
  store.failure = undefined;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls).toEqual([[{ ...login, count: 150 }]]);
  expect(await droppedCount()).toBe(0);
});

test('refusals are recorded with what they were about; other failures are not', async () => {
  const { audit, calls } = start();
  const watch = (error: Error) =>
    audit
      .watch('user.password', by, async (about) => {
        about.target = 'usr_1';
        throw error;
      })
      .catch((thrown: unknown) => thrown);
  const refusal = new AppError('rate_limited', 'wait');
  expect(await watch(refusal)).toBe(refusal);
  await watch(new AppError('unavailable', 'away'));
  await watch(new TypeError('a bug'));
  expect(await audit.watch('user.password', by, async () => 7)).toBe(7);
  await audit.close();
  const expected = { ...by, action: 'user.password', target: 'usr_1', result: 'rate_limited' };
  expect(calls).toEqual([[expected]]);
});
