import { pushBatchSchema, type PushBatch, type PushJob } from '@agent-messenger/contracts';
import { AppError, type Logger } from '@agent-messenger/service-kit';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Limit } from 'p-limit';
import type { Claims } from '../claims';
import type { PushMetrics } from '../metrics';
import type { PushStore } from '../push-store';
import { backoff } from './pauses';
import type { JobHandler } from './push';
import { NotNoted, type NotifyDevice } from './notify-device';

interface PushBatchDeps {
  notify: NotifyDevice;
  store: Pick<PushStore, 'holdPush'>;
  claims: Pick<Claims, 'release'>;
  /** Devices of batches that are dealt with at a time. */
  room: Limit;
  /** Adds a job for one device, which begins after so many milliseconds. */
  addJob: (push: PushJob, delayMs: number) => Promise<unknown>;
  /** Takes nothing up any more. */
  isClosing: () => boolean;
  log: Logger;
  metrics: PushMetrics;
}

/** After what was unexpected, milliseconds. */
const AFTER_FAILURE_MS = 1_000;

/**
 * Notifies the devices of a batch, each for itself: one that cannot be told now, or is refused, gets a job of its own
 * and holds up no other.
 */
export function pushBatch(deps: PushBatchDeps): JobHandler {
  const { room, claims, addJob, isClosing } = deps;
  return async (job, token) => {
    const { data } = pushBatchSchema.safeParse(job.data);
    if (!data) throw new UnrecoverableError('The data of the job is not that of a batch');
    const owner = `batch-${job.id}`;
    if (job.stalledCounter > 0 || job.attemptsMade > 0) {
      // A worker died of it, or it failed: if one of them is the reason, that one alone comes to its end by it.
      await Promise.all(data.pushes.map((push) => claims.release(push, owner)));
      await Promise.all(data.pushes.map((push) => addJob(push, 0)));
      return;
    }
    const run = { owner, attempts: job.attemptsStarted };
    const left: PushBatch['pushes'] = [];
    const ends = await Promise.allSettled(
      data.pushes.map((push) =>
        room(async () => {
          const rest = isClosing() ? push : await notifyOne(deps, push, run);
          if (rest) left.push(rest);
        }),
      ),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (left.length === 0) return;
    await job.updateData({ pushes: left });
    const waitMs = isClosing() ? 0 : backoff(job.attemptsStarted);
    await job.moveToDelayed(Date.now() + waitMs, token);
    throw new DelayedError();
  };
}

/** What is left for the batch to do, once the store is there again. */
async function notifyOne(
  deps: PushBatchDeps,
  push: PushJob,
  run: Parameters<NotifyDevice>[1],
): Promise<PushJob | undefined> {
  const { notify, store, addJob } = deps;
  const { user_id, conversation_id, device_id } = push;
  try {
    const outcome = await notify(push, run);
    if (typeof outcome === 'string') return undefined;
    if (outcome.then === 'again' && outcome.isAway) return { ...push, told_seq: outcome.told_seq };
    if (outcome.then === 'again') return void (await addJob(push, outcome.ms));
    const { probes } = await store.holdPush({ user_id, conversation_id, device_id });
    if (probes) await addJob({ ...push, told_seq: undefined, probes }, outcome.ms);
    return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === 'unavailable') return push;
    return void (await giveUp(deps, push, error));
  }
}

async function giveUp(
  { addJob, log, metrics }: PushBatchDeps,
  push: PushJob,
  error: unknown,
): Promise<void> {
  if (error instanceof UnrecoverableError) {
    await addJob({ ...push, refused: error.message }, 0);
    return;
  }
  const told_seq = error instanceof NotNoted ? error.told_seq : push.told_seq;
  const { user_id, conversation_id, device_id } = push;
  metrics.jobFailures.inc({ reason: error instanceof AppError ? error.code : 'not_sent' });
  const { message } = error as Error;
  log.warn({ user_id, conversation_id, device_id, reason: message }, 'push of a batch failed');
  await addJob({ ...push, told_seq }, AFTER_FAILURE_MS);
}
