import type { RequestName } from '@agent-messenger/contracts';
import { requests } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import fc from 'fast-check';
import type { Deferred } from '../tests/fakes';
import { connectionOf, deferred, loggerOf } from '../tests/fakes';
import type { RequestHandlers } from './dispatch';
import { createDispatch } from './dispatch';

const valid = { conversation_id: 'cnv_a', seq: 3 };

/** A dispatch whose handlers all do the same, and what they were called with. */
function setup(handle: () => unknown = () => ({})) {
  const handled: { name: string; payload: unknown }[] = [];
  const { log, lines } = loggerOf();
  const handlers = Object.fromEntries(
    Object.keys(requests).map((name) => [
      name,
      (_connection: unknown, payload: unknown) => {
        handled.push({ name, payload });
        return handle();
      },
    ]),
  ) as unknown as RequestHandlers;
  return { dispatch: createDispatch(handlers, log), handled, lines, ...connectionOf() };
}

test('the handler gets the parsed payload and its answer is the ack', async () => {
  const { dispatch, connection, handled } = setup(() => ({ answer: 1 }));
  const payload = { conversation_id: 'cnv_a', after_seq: 3, surplus: true };
  expect(await dispatch(connection, 'sync', payload)).toEqual({ ok: true, answer: 1 });
  expect(handled).toEqual([
    { name: 'sync', payload: { conversation_id: 'cnv_a', after_seq: 3, limit: 50 } },
  ]);
  expect(connection.pendingRequests).toBe(0);
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
  expect(waiting).toHaveLength(1_000);
  expect(answers).toEqual([]);

  waiting.splice(0).forEach(({ resolve }) => resolve({}));
  await Promise.all(asked);
  expect(answers).toHaveLength(1_000);
  expect(connection.pendingRequests).toBe(0);
  const next = dispatch(connection, 'read', valid);
  waiting.splice(0).forEach(({ resolve }) => resolve({}));
  expect(await next).toEqual({ ok: true });
});

test('requests start in the order in which they came', async () => {
  const { dispatch, connection, handled } = setup();
  const asked = [1, 2, 3].map((seq) => dispatch(connection, 'read', { ...valid, seq }));
  expect(handled.map(({ payload }) => payload)).toEqual(
    [1, 2, 3].map((seq) => ({ ...valid, seq })),
  );
  await Promise.all(asked);
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
