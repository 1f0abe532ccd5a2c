import { pushJobSchema, type PushPlatform } from '@agent-messenger/contracts';
import type { OpenSpan, Tracing } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import { DelayedError } from 'bullmq';
import type { PushJobHandler } from './jobs/push';

/** Each run of a job continues the trace of the message that was its reason. */
export function tracePushJobs(
  handle: PushJobHandler,
  { platform, tracing }: { platform: PushPlatform; tracing: Tracing | undefined },
): PushJobHandler {
  if (!tracing) return handle;
  return async (job, token) => {
    const parent = pushJobSchema.safeParse(job.data).data?.traceparent;
    if (parent === undefined) return handle(job, token);
    const attributes = { 'messenger.platform': platform, 'messenger.attempt': job.attemptsStarted };
    const delayed = await tracing.run(
      { name: 'push', kind: 'consumer', parent, attributes },
      (span) => runOnce(handle, job, { token, span }),
    );
    if (delayed) throw delayed;
  };
}

/** A job that goes back to wait has not failed, though BullMQ is told so by an error. */
async function runOnce(
  handle: PushJobHandler,
  job: Job,
  { token, span }: { token: string | undefined; span: OpenSpan },
): Promise<DelayedError | undefined> {
  try {
    await handle(job, token);
    return undefined;
  } catch (error) {
    if (!(error instanceof DelayedError)) throw error;
    span.set({ 'messenger.delayed': true });
    return error;
  }
}
