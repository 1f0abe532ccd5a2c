import type { AuditRecord } from '@agent-messenger/contracts';
import { Counter, Registry } from 'prom-client';
import { AuditLog } from './audit-log';
import { AppError } from './errors';
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
  audit.record(login);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls).toHaveLength(2);
  expect(jest.getTimerCount()).toBe(0);
});

test('closing sends what waits, and leaves no timer', async () => {
  const { audit, calls } = start();
  audit.record(login);
  await audit.close();
  expect(calls).toEqual([[login]]);
  expect(jest.getTimerCount()).toBe(0);
});

test('a flood is bounded, and what is left out is counted', async () => {
  const { audit, calls, droppedCount } = start();
  for (let n = 0; n < 1_000; n++) audit.record(login);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls.map((records) => records.length)).toEqual([200]);
  expect(await droppedCount()).toBe(800);
});

test('while the store is away the records wait, and no more than may', async () => {
  const { audit, store, calls, droppedCount } = start();
  store.failure = new AppError('unavailable', 'away');
  for (let n = 0; n < 150; n++) audit.record(login);
  await jest.advanceTimersByTimeAsync(5_000);
  for (let n = 0; n < 150; n++) audit.record(login);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(await droppedCount()).toBe(100);
  store.failure = undefined;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls.map((records) => records.length)).toEqual([200]);
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
