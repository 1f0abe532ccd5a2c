import type { OpenSpan, SpanOptions, Tracing } from '@agent-messenger/service-kit';
import { tracePushes } from './trace-pushes';

function setup() {
  const ran: { options: SpanOptions; attributes: object; failed: boolean }[] = [];
  const tracing = {
    async run(options: SpanOptions, work: (span: OpenSpan) => Promise<unknown>) {
      const one = { options, attributes: {}, failed: false };
      ran.push(one);
      const set = (attributes: object) => void Object.assign(one.attributes, attributes);
      try {
        return await work({ set } as OpenSpan);
      } catch (error) {
        one.failed = true;
        throw error;
      }
    },
  } as unknown as Tracing;
  return { tracing, ran };
}
const pushOf = (traceparent?: string) => ({
  user_id: 'u',
  conversation_id: 'c',
  device_id: 'd',
  traceparent,
});
const RUN = { owner: '7', attempts: 2 };

test('a run continues the trace of its message; one without is not traced', async () => {
  const { tracing, ran } = setup();
  const notify = jest.fn().mockResolvedValue('notified');
  const traced = tracePushes(notify, { platform: 'fcm', tracing });
  expect(await traced(pushOf(), RUN)).toBe('notified');
  expect(ran).toEqual([]);
  expect(await traced(pushOf('trace'), RUN)).toBe('notified');
  expect(ran.map(({ options }) => options)).toMatchObject([
    { name: 'push', kind: 'consumer', parent: 'trace', attributes: { 'messenger.attempt': 2 } },
  ]);
  expect(notify).toHaveBeenCalledTimes(2);
});

test('to wait is no failure', async () => {
  const { tracing, ran } = setup();
  const wait = async () => ({ then: 'hold' as const, ms: 1 });
  await tracePushes(wait, { platform: 'fcm', tracing })(pushOf('trace'), RUN);
  expect(ran).toMatchObject([{ failed: false, attributes: { 'messenger.delayed': true } }]);

  const fail = () => Promise.reject(new Error('not sent'));
  const failing = tracePushes(fail, { platform: 'fcm', tracing })(pushOf('trace'), RUN);
  await expect(failing).rejects.toThrow('not sent');
  expect(ran[1]).toMatchObject({ failed: true });
});
