import type { PushJob } from '@agent-messenger/contracts';
import { pushJobSchema } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { PushStore } from '../push-store';
import { preview, previewOfQuestion } from '../preview';
import { untilQuietHoursEnd } from '../quiet-hours';
import { deliver, type DeliverDeps } from './deliver';
import { backoff, spread } from './pauses';

interface PushJobDeps extends DeliverDeps {
  store: PushStore;
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
    const waitMs = await attempt(deps, job, data).catch((error: unknown) => {
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

type Run = 'told' | 'done' | { holdMs: number } | { againMs: number };

/** Milliseconds after which it has to run again; none when it is done. */
async function attempt({ store, ...deps }: PushJobDeps, job: Job, data: PushJob): Promise<number> {
  const { user_id, conversation_id, device_id } = data;
  const ids = { user_id, conversation_id, device_id };
  const probed = data.probes === true;
  const end = await run({ store, ...deps }, job, data).catch(async (error: unknown) => {
    if (probed && isLast(job, error)) await store.releasePush(ids);
    throw error;
  });
  if (end === 'told') return 0;
  if (end === 'done') {
    if (probed) await store.releasePush(ids);
    return 0;
  }
  if ('againMs' in end) return end.againMs;
  if (probed) return end.holdMs;
  // However many conversations there are: one job of the device waits, the others in the store.
  const { probes } = await store.holdPush(ids);
  if (!probes) return 0;
  await job.updateData({ ...data, told_seq: undefined, probes });
  return end.holdMs;
}

function isLast(job: Job, error: unknown): boolean {
  if (error instanceof UnrecoverableError) return true;
  const isPassing = error instanceof AppError && error.code === 'unavailable';
  return !isPassing && job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
}

async function run(deps: PushJobDeps, job: Job, data: PushJob): Promise<Run> {
  const { platform, provider, breakerOf, store, metrics, settings } = deps;
  const { user_id, conversation_id, device_id, told_seq } = data;
  const ids = { user_id, conversation_id, device_id };
  if (told_seq !== undefined) await store.markPushed({ ...ids, seq: told_seq });
  // The jobs of a provider that is down cost the store nothing, if it has one server for all devices.
  const untilTrial = provider.serverOf ? 0 : breakerOf(provider.name).waitMs();
  if (untilTrial > 0) return { holdMs: spread(untilTrial) };

  const { push } = await store.pushState(ids);
  // The device may have come back with another platform: then its jobs are in that one's queue.
  if (!push || push.device.platform !== platform) return 'done';
  const now = new Date();
  const expiresAt = new Date(Date.parse(push.at) + settings.ttlMs);
  if (now >= expiresAt) {
    metrics.expired.inc({ platform });
    return 'done';
  }
  const untilNext = untilNextPush(push.pushed_at, settings.minIntervalMs, now);
  const { change } = push;
  const withdrawn = change === 'withdrawn';
  const told = { ...ids, seq: push.seq, rev: push.rev, ...(withdrawn && { withdrawn }) };
  // The next one that the person notices takes the place of what is shown.
  if (change && !provider.tellsSilently) {
    await store.markPushed(told);
    return 'told';
  }
  const untilLoud = change ? 0 : untilQuietHoursEnd(push.device.quiet_hours, now);
  if (untilLoud > 0) return { holdMs: Math.max(untilNext, untilLoud) };
  if (untilNext > 0) return { againMs: untilNext };

  const { seq, agent_name: title, badge, device } = push;
  const body = withdrawn ? '' : bodyOf(push, settings);
  const notification = { user_id, conversation_id, seq, title, body, badge, change, expiresAt };
  const delivered = await deliver(deps, { notification, device, attempts: job.attemptsStarted });
  if (delivered === 'gone') return 'done';
  if (delivered !== 'taken') {
    const untilExpiry = expiresAt.getTime() - Date.now();
    return { holdMs: Math.max(Math.min(delivered.retryMs, untilExpiry), 1) };
  }
  metrics.sent.inc({ provider: provider.name });
  const tookMs = Date.now() - Date.parse(push.at);
  // Below 0 a clock was set back: that is told as such, and is no duration.
  if (tookMs >= 0 && !change) metrics.commitToProvider.observe(tookMs / 1_000);
  try {
    await store.markPushed(told);
  } catch (error) {
    // The next run makes up for it, and does not send again.
    await job.updateData({ ...data, told_seq: seq });
    throw error;
  }
  return 'told';
}

function bodyOf(push: Push, { previews }: PushSettings): string {
  const { content } = push;
  const shown = previews && content !== null ? preview(content) : undefined;
  if (shown === undefined) return 'New message';
  const question = previewOfQuestion(push);
  return question === undefined ? shown : `${shown}\n${question}`;
}

/**
 * Never more than the interval, however far the clocks of the services are apart. What lies further in the future than
 * that was noted before a clock was set back: how long ago it was is not known, and the device has waited enough.
 */
export function untilNextPush(pushedAt: string | null, minIntervalMs: number, now: Date): number {
  if (pushedAt === null) return 0;
  const agoMs = now.getTime() - Date.parse(pushedAt);
  if (agoMs < -minIntervalMs) return 0;
  return Math.min(minIntervalMs - agoMs, minIntervalMs);
}
