import { waitFor } from '@agent-messenger/testkit';
import fc from 'fast-check';
import { settled } from './fakes';
import { StreamModel } from './stream-model';
import { useStreamRedis } from './stream-redis';

const connections = useStreamRedis();

type Step = readonly [name: string, run: (model: StreamModel) => unknown];

/** Each text is of one run only: what a reader has tells which it is. */
const words = fc.stringMatching(/^[a-z🧾]{1,12}$/u);
const step = fc.oneof(
  { weight: 6, arbitrary: words.map((text): Step => [`append ${text}`, (m) => m.append(text)]) },
  { weight: 4, arbitrary: fc.constant<Step>(['flush', (m) => m.flush()]) },
  ...(
    [
      ['reconnect', (m) => m.connect()],
      ['restart', (m) => m.connect(true)],
      ['leave', (m) => m.leave()],
      ['stop', (m) => m.stop()],
      ['expire', (m) => m.expire()],
      ['expire elsewhere', (m) => m.expire(1)],
      ['end', (m) => m.end()],
      ['fail', (m) => m.fail()],
      ['empty Redis', (m) => m.emptyRedis()],
      ['lose pieces', (m) => (m.losing = 2)],
      ['hold', (m) => m.hold()],
      ['deliver', (m) => m.deliver()],
      ['slow', (m) => m.slow()],
      ['read', (m) => m.read()],
      ['reload', (m) => m.reload()],
      ['wait', () => settled()],
    ] as Step[]
  ).map((one) => ({ weight: 1, arbitrary: fc.constant(one) })),
);

/** At every moment: a prefix of one of the texts, without gap or doubling. */
function check(model: StreamModel): void {
  const copies = model.shown();
  expect(copies.problems).toEqual([]);
  const shown = copies.text('answer') ?? '';
  expect(model.runs.some((text) => text.startsWith(shown))).toBe(true);
  expect(model.committed().length).toBeLessThanOrEqual(1);
}

/** Nothing is lost any more: the reader gets what Redis has, and the stream becomes its message. */
async function conclude(model: StreamModel): Promise<void> {
  model.losing = 0;
  model.deliver();
  model.read();
  await waitFor(async () => {
    await model.join();
    await settled();
    check(model);
    const stored = await model.stored();
    return !stored || model.shown().text('answer') === stored.text;
  });
  const wasForgotten = model.forgotten;
  model.leave();
  await settled();
  await waitFor(async () => {
    await model.expire();
    return (await model.stored()) === null;
  });
  check(model);
  const message = model.message();
  if (!message) return expect(wasForgotten).toBe(true);
  expect(model.committed()).toHaveLength(1);
  expect(model.runs.some((text) => text.startsWith(message.content ?? ''))).toBe(true);
  if (model.outcome === 'end') expect(message).toMatchObject({ content: model.text });
  const states = { end: undefined, fail: 'failed', none: 'interrupted' };
  expect(message.state).toBe(states[model.outcome ?? 'none']);
}

test('whatever happens, readers have a prefix of the text, and it becomes one message', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { redis, subscriber } = connections;
      await redis.flushall();
      const model = new StreamModel(redis, subscriber);
      await model.open();
      await model.connect();
      for (const [, run] of steps) {
        // Nothing more comes of a stream that its agent has ended.
        if (model.outcome !== undefined) break;
        await run(model);
        check(model);
      }
      await conclude(model);
      await model.close();
    }),
    { numRuns: 150 },
  );
}, 120_000);
