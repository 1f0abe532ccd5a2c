import type { PushJob } from '@agent-messenger/contracts';
import { pushJobSchema } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { PushStore } from '../push-store';
import { backoff } from './pauses';
import { NotNoted, type NotifyDevice } from './notify-device';

interface PushJobDeps {
  notify: NotifyDevice;
  store: Pick<PushStore, 'holdPush' | 'releasePush'>;
}

export type JobHandler = (job: Job, token?: string) => Promise<void>;

/** Notifies one device of one conversation, and waits until it can be told. */
export function pushJob(deps: PushJobDeps): JobHandler {
  return async (job, token) => {
    const { data } = pushJobSchema.safeParse(job.data);
    if (!data) throw new UnrecoverableError('The data of the job is not that of a push job');
    if (data.refused !== undefined) throw new UnrecoverableError(data.refused);
    const waitMs = await attempt(deps, job, data).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      return backoff(job.attemptsStarted);
    });
    if (waitMs <= 0) return;
    await job.moveToDelayed(Date.now() + waitMs, token);
    throw new DelayedError();
  };
}

/** Milliseconds after which it has to run again; none when it is done. */
async function attempt({ notify, store }: PushJobDeps, job: Job, data: PushJob): Promise<number> {
  const { user_id, conversation_id, device_id } = data;
  const ids = { user_id, conversation_id, device_id };
  const probed = data.probes === true;
  const run = { owner: `${job.id}`, attempts: job.attemptsStarted };
  const outcome = await notify(data, run).catch(async (error: unknown) => {
    if (probed && isLast(job, error)) await store.releasePush(ids);
    if (!(error instanceof NotNoted)) throw error;
    // The next run makes up for it, and does not send again.
    await job.updateData({ ...data, told_seq: error.told_seq });
    throw error.cause;
  });
  if (outcome === 'notified') return 0;
  if (outcome === 'done') {
    if (probed) await store.releasePush(ids);
    return 0;
  }
  if (outcome.then === 'again') {
    const { told_seq } = outcome;
    if (told_seq !== data.told_seq) await job.updateData({ ...data, told_seq });
    return outcome.ms;
  }
  if (probed) return outcome.ms;
  // However many conversations there are: one job of the device waits, the others in the store.
  const { probes } = await store.holdPush(ids);
  if (!probes) return 0;
  await job.updateData({ ...data, told_seq: undefined, probes });
  return outcome.ms;
}

function isLast(job: Job, error: unknown): boolean {
  if (error instanceof UnrecoverableError) return true;
  return job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError && error.code === 'unavailable';
}
