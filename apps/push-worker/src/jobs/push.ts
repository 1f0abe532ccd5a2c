import type { Client, messagesCalls, PushJob } from '@agent-messenger/contracts';
import { pushJobSchema } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import { DelayedError, UnrecoverableError } from 'bullmq';
import { preview } from '../preview';
import { untilQuietHoursEnd } from '../quiet-hours';
import { deliver, type DeliverDeps } from './deliver';
import { backoff, spread } from './pauses';

interface PushJobDeps extends DeliverDeps {
  store: Pick<Client<typeof messagesCalls>, 'pushState' | 'markPushed' | 'dropPushToken'>;
  settings: PushSettings;
}

export interface PushSettings {
  /** Milliseconds between two pushes about one conversation to one device. */
  minIntervalMs: number;
  /** How old a message may be that is pushed, milliseconds. */
  ttlMs: number;
  /** Whether notifications show the beginning of the message. */
  previews: boolean;
}

export type PushJobHandler = (job: Job, token?: string) => Promise<void>;
type Push = NonNullable<Awaited<ReturnType<PushJobDeps['store']['pushState']>>['push']>;

/**
 * Tells a device about a conversation as it stands now, whatever it was when the job was added. May run twice (a
 * worker died): the state is read anew, and what the device was told is in it.
 */
export function pushJob(deps: PushJobDeps): PushJobHandler {
  return async (job, token) => {
    const { data } = pushJobSchema.safeParse(job.data);
    if (!data) throw new UnrecoverableError('The data of the job is not that of a push job');
    const waitMs = await run(deps, job, data).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
      // Without a use of its attempts: the store may be away for longer than all of them take.
      deps.metrics.jobFailures.inc({ reason: error.code });
      return backoff(job.attemptsStarted);
    });
    if (waitMs <= 0) return;
    await job.moveToDelayed(Date.now() + waitMs, token);
    throw new DelayedError();
  };
}

/** Milliseconds after which it has to run again; none when it is done. */
async function run(deps: PushJobDeps, job: Job, data: PushJob): Promise<number> {
  const { platform, provider, breakerOf, store, metrics, settings } = deps;
  const { user_id, conversation_id, device_id, told_seq } = data;
  const ids = { user_id, conversation_id, device_id };
  if (told_seq !== undefined) await store.markPushed({ ...ids, seq: told_seq });
  // The jobs of a provider that is down cost the store nothing, if it has one server for all devices.
  const untilTrial = provider.serverOf ? 0 : breakerOf(provider.name).waitMs();
  if (untilTrial > 0) return spread(untilTrial);

  const { push } = await store.pushState(ids);
  // The device may have come back with another platform: then its jobs are in that one's queue.
  if (!push || push.device.platform !== platform) return 0;
  const now = new Date();
  const expiresAt = new Date(Date.parse(push.at) + settings.ttlMs);
  if (now >= expiresAt) {
    metrics.expired.inc({ platform });
    return 0;
  }
  const untilNext = untilNextPush(push.pushed_at, settings.minIntervalMs, now);
  const untilLoud = untilQuietHoursEnd(push.device.quiet_hours, now);
  if (untilNext > 0 || untilLoud > 0) return Math.max(untilNext, untilLoud);

  const { seq, agent_name: title, badge, device } = push;
  const body = bodyOf(push, settings);
  const notification = { user_id, conversation_id, seq, title, body, badge, expiresAt };
  const delivered = await deliver(deps, { notification, device, attempts: job.attemptsStarted });
  if (delivered === 'gone') return 0;
  if (delivered !== 'taken') return Math.min(delivered.retryMs, expiresAt.getTime() - Date.now());
  metrics.sent.inc({ provider: provider.name });
  metrics.commitToProvider.observe((Date.now() - Date.parse(push.at)) / 1_000);
  try {
    await store.markPushed({ ...ids, seq });
  } catch (error) {
    // The next run makes up for it, and does not send again.
    await job.updateData({ ...data, told_seq: seq });
    throw error;
  }
  return 0;
}

function bodyOf({ content }: Push, { previews }: PushSettings): string {
  // Nothing is left of a text of spaces only.
  return (previews && content !== null && preview(content)) || 'New message';
}

/** Never more than the interval, however far the clocks of the services are apart. */
function untilNextPush(pushedAt: string | null, minIntervalMs: number, now: Date): number {
  if (pushedAt === null) return 0;
  return Math.min(Date.parse(pushedAt) + minIntervalMs - now.getTime(), minIntervalMs);
}
