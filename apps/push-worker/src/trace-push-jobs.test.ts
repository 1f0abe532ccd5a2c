import type { OpenSpan, SpanOptions, Tracing } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import { DelayedError } from 'bullmq';
import { tracePushJobs } from './trace-push-jobs';

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
const jobOf = (traceparent?: string) =>
  ({
    data: { user_id: 'u', conversation_id: 'c', device_id: 'd', traceparent },
    attemptsStarted: 2,
  }) as unknown as Job;

test('a run continues the trace in its job; one without is not traced', async () => {
  const { tracing, ran } = setup();
  const handle = jest.fn().mockResolvedValue(undefined);
  const traced = tracePushJobs(handle, { platform: 'fcm', tracing });
  await traced(jobOf(), 'token');
  expect(ran).toEqual([]);
  await traced(jobOf('trace'), 'token');
  expect(ran.map(({ options }) => options)).toMatchObject([
    { name: 'push', kind: 'consumer', parent: 'trace', attributes: { 'messenger.attempt': 2 } },
  ]);
  expect(handle).toHaveBeenCalledTimes(2);
});

test('to wait is no failure; BullMQ is told so all the same', async () => {
  const { tracing, ran } = setup();
  const delayed = new DelayedError();
  const wait = () => Promise.reject(delayed);
  await expect(tracePushJobs(wait, { platform: 'fcm', tracing })(jobOf('trace'))).rejects.toBe(
    delayed,
  );
  expect(ran).toMatchObject([{ failed: false, attributes: { 'messenger.delayed': true } }]);

  const fail = () => Promise.reject(new Error('not sent'));
  await expect(tracePushJobs(fail, { platform: 'fcm', tracing })(jobOf('trace'))).rejects.toThrow(
    'not sent',
  );
  expect(ran[1]).toMatchObject({ failed: true });
});
