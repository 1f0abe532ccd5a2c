import { waitFor } from '@agent-messenger/testkit';
import type { RequestName } from '@agent-messenger/contracts';
import { requests } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import fc from 'fast-check';
import type { Deferred } from '../../tests/fakes';
import { connectionOf, deferred, loggerOf, settled, socketLimitsOf } from '../../tests/fakes';
import type { RequestHandlers } from './dispatch';
import { createDispatch } from './dispatch';

const valid = { conversation_id: 'cnv_a', seq: 3 };

/** A dispatch whose handlers all do the same, and what they were called with. */
function setup(handle: () => unknown = () => ({}), limits = socketLimitsOf()) {
  const handled: { name: string; payload: unknown; isAwaited: boolean }[] = [];
  const { log, lines } = loggerOf();
  const handlers = Object.fromEntries(
    Object.keys(requests).map((name) => [
      name,
      (_connection: unknown, payload: unknown, isAwaited: boolean) => {
        handled.push({ name, payload, isAwaited });
        return handle();
      },
    ]),
  ) as unknown as RequestHandlers;
  return { dispatch: createDispatch(handlers, limits, log), handled, lines, ...connectionOf() };
}

test('the handler gets the parsed payload and its answer is the ack', async () => {
  const { dispatch, connection, handled } = setup(() => ({ answer: 1 }));
  const payload = { conversation_id: 'cnv_a', after_seq: 3, surplus: true };
  expect(await dispatch(connection, 'sync', payload)).toEqual({ ok: true, answer: 1 });
  expect(handled).toMatchObject([
    { name: 'sync', payload: { conversation_id: 'cnv_a', after_seq: 3, limit: 50 } },
  ]);
  expect(connection.pendingRequests).toBe(0);
});

test('the handler is told whether an answer is awaited', async () => {
  const { dispatch, connection, handled } = setup();
  await dispatch(connection, 'received', valid);
  await dispatch(connection, 'received', valid, true);
  expect(handled.map(({ isAwaited }) => isAwaited)).toEqual([false, true]);
});

test.each(['nope', '', 'toString', '__proto__', 'constructor', 'connected'])(
  'there is no event %p',
  async (name) => {
    const { dispatch, connection } = setup();
    expect(await dispatch(connection, name, valid)).toMatchObject({
      ok: false,
      error: { code: 'not_found' },
    });
  },
);

test('an event for others is forbidden, before its payload is looked at', async () => {
  const { dispatch, connection, handled } = setup();
  expect(await dispatch(connection, 'status:set', 'garbage')).toMatchObject({
    ok: false,
    error: { code: 'forbidden' },
  });
  expect(handled).toEqual([]);
});

test('an invalid payload is named, not repeated', async () => {
  const { dispatch, connection, handled, lines } = setup();
  const answer = await dispatch(connection, 'read', { conversation_id: 'my secret', seq: 'x' });
  expect(answer).toMatchObject({ ok: false, error: { code: 'invalid_payload' } });
  expect(JSON.stringify(answer)).toContain('conversation_id');
  expect(JSON.stringify(answer)).not.toContain('my secret');
  expect(handled).toEqual([]);
  expect(lines).toEqual([]);
});

test('what a handler throws as AppError is answered', async () => {
  const { dispatch, connection, lines } = setup(() => {
    throw new AppError('unavailable', 'Later', { retryAfterMs: 250 });
  });
  expect(await dispatch(connection, 'read', valid)).toEqual({
    ok: false,
    error: { code: 'unavailable', message: 'Later', retry_after_ms: 250 },
  });
  expect(lines).toEqual([]);
});

test('what a handler throws otherwise is logged and answered without detail', async () => {
  const { dispatch, connection, lines } = setup(() => {
    throw new TypeError('the inner workings');
  });
  const answer = await dispatch(connection, 'read', valid);
  expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } });
  expect(JSON.stringify(answer)).not.toContain('inner workings');
  expect(lines).toEqual([
    expect.objectContaining({
      level: 50,
      event: 'read',
      err: expect.objectContaining({ message: 'the inner workings' }) as unknown,
    }),
  ]);
});

test('the 1,001st unanswered request is refused, all others are answered once', async () => {
  const waiting: Deferred<object>[] = [];
  const { dispatch, connection } = setup(() => {
    const one = deferred<object>();
    waiting.push(one);
    return one.promise;
  });
  const answers: unknown[] = [];
  const asked = Array.from({ length: 1_000 }, () =>
    dispatch(connection, 'read', valid).then((answer) => answers.push(answer)),
  );
  expect(await dispatch(connection, 'read', valid)).toEqual({
    ok: false,
    error: {
      code: 'rate_limited',
      message: 'Too many unanswered requests',
      retry_after_ms: 1_000,
    },
  });
  await waitFor(() => waiting.length === 1_000);
  expect(answers).toEqual([]);

  waiting.splice(0).forEach(({ resolve }) => resolve({}));
  await Promise.all(asked);
  expect(answers).toHaveLength(1_000);
  expect(connection.pendingRequests).toBe(0);
  const next = dispatch(connection, 'read', valid);
  await settled();
  waiting.splice(0).forEach(({ resolve }) => resolve({}));
  expect(await next).toEqual({ ok: true });
});

const REQUESTS: { name: RequestName; payload: object }[] = [
  { name: 'message:send', payload: { client_id: 'c', content: 'x', conversation_id: 'cnv_a' } },
  { name: 'received', payload: valid },
  { name: 'read', payload: valid },
  { name: 'sync', payload: { conversation_id: 'cnv_a', after_seq: 0 } },
  { name: 'typing', payload: { conversation_id: 'cnv_a', typing: true } },
];

test('requests start in the order in which they came, whatever they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...REQUESTS), { maxLength: 50 }), async (asked) => {
      const { dispatch, connection, handled } = setup();
      await Promise.all(asked.map(({ name, payload }) => dispatch(connection, name, payload)));
      expect(handled.map(({ name }) => name)).toEqual(asked.map(({ name }) => name));
    }),
  );
});

describe('nothing that a connection asks is free', () => {
  const names = [...Object.keys(requests), 'nope', '__proto__', ''];

  test.each(names)(
    '%p is refused when its budget is used up, until the next minute',
    async (name) => {
      jest.useFakeTimers();
      const one = { sends: 1, reads: 1, receipts: 1, signals: 1, stream_appends: 1 };
      const { dispatch, connection, handled } = setup(undefined, socketLimitsOf(one));
      const first = await dispatch(connection, name, undefined);
      expect(first.ok || first.error.code).not.toBe('rate_limited');
      jest.advanceTimersByTime(1_000);
      const before = handled.length;
      expect(await dispatch(connection, name, undefined)).toEqual({
        ok: false,
        error: { code: 'rate_limited', message: 'Too many requests', retry_after_ms: 59_000 },
      });
      expect(handled).toHaveLength(before);
      jest.advanceTimersByTime(59_000);
      const next = await dispatch(connection, name, undefined);
      expect(next.ok || next.error.code).not.toBe('rate_limited');
      jest.useRealTimers();
    },
  );

  test('each belongs to one budget, and leaves the others as they are', async () => {
    const refused: string[] = [];
    for (const budget of ['sends', 'reads', 'receipts', 'signals', 'stream_appends'] as const) {
      const { dispatch, connection } = setup(undefined, socketLimitsOf({ [budget]: 1 }));
      // The first one of a budget uses it up.
      for (const name of [...names, ...names]) await dispatch(connection, name, undefined);
      for (const name of names) {
        const answer = await dispatch(connection, name, undefined);
        if (!answer.ok && answer.error.code === 'rate_limited') refused.push(name);
      }
    }
    expect(refused.sort()).toEqual(names.sort());
  });

  test('who goes on asking beyond its budgets is told when to come back, and closed', async () => {
    jest.useFakeTimers();
    const limits = socketLimitsOf({ receipts: 1, refusals: 3 });
    const { dispatch, connection, live } = setup(undefined, limits);
    for (let n = 0; n < 4; n += 1) await dispatch(connection, 'read', valid);
    expect(live.closes).toEqual([]);
    await dispatch(connection, 'read', valid);
    expect(live.closes).toEqual(['reconnect']);
    const closing = live.sent.find(({ name }) => name === 'closing')?.payload;
    expect(closing).toEqual({ code: 'rate_limited', reconnect: true, retry_after_ms: 60_000 });
    jest.useRealTimers();
  });

  test('one connection does not use up what is for another identity', async () => {
    const limits = socketLimitsOf({ receipts: 1 });
    const { dispatch, connection } = setup(undefined, limits);
    await dispatch(connection, 'read', valid);
    expect(await dispatch(connection, 'read', valid)).toMatchObject({ ok: false });
    const other = connectionOf({ identityId: 'usr_2' }).connection;
    expect(await dispatch(other, 'read', valid)).toEqual({ ok: true });
  });
});

test('whatever comes is answered: ok, or what is wrong with it', async () => {
  const nearly = fc.record(
    {
      conversation_id: fc.oneof(fc.constantFrom('cnv_a', 'usr_a'), fc.string()),
      seq: fc.oneof(fc.integer(), fc.double()),
      after_seq: fc.integer(),
      limit: fc.integer(),
      typing: fc.oneof(fc.boolean(), fc.string()),
      client_id: fc.string({ unit: 'binary' }),
      content: fc.string({ unit: 'binary' }),
      metadata: fc.jsonValue(),
      identities: fc.array(fc.oneof(fc.constant('agt_a'), fc.string())),
      token: fc.string(),
    },
    { requiredKeys: [] },
  );
  const payload = fc.oneof(nearly, fc.jsonValue(), fc.constant(undefined), fc.uint8Array());
  const { dispatch, connection, lines, handled } = setup();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(requests) as RequestName[])),
      payload,
      async (name, sent) => {
        const before = handled.length;
        const answer = await dispatch(connection, name, sent);
        if (answer.ok) {
          expect(requests[name].payload.safeParse(handled[before]?.payload).success).toBe(true);
        } else {
          const isForUsers = (requests[name].from as readonly string[]).includes('user');
          expect(answer.error.code).toBe(isForUsers ? 'invalid_payload' : 'forbidden');
          expect(handled).toHaveLength(before);
        }
      },
    ),
    { numRuns: 1_000 },
  );
  expect(connection.pendingRequests).toBe(0);
  expect(lines).toEqual([]);
});
