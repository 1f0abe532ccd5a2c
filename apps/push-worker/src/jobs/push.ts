import type { Client, messagesCalls, PushJob, PushPlatform } from '@agent-messenger/contracts';
import { pushJobSchema } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { CircuitBreaker } from '../circuit-breaker';
import type { PushMetrics } from '../metrics';
import { preview } from '../preview';
import type { Device, Notification, PushProvider, Verdict } from '../providers/provider';
import { PushError } from '../providers/provider';
import { quietMinutesLeft } from '../quiet-hours';

interface PushJobDeps {
  platform: PushPlatform;
  provider: PushProvider;
  breaker: CircuitBreaker;
  store: Pick<Client<typeof messagesCalls>, 'pushState' | 'markPushed' | 'dropPushToken'>;
  log: Logger;
  metrics: PushMetrics;
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

const RETRY_MS = { first: 1_000, longest: 30_000 };
/** Quiet hours may be changed while a job waits for their end. */
const QUIET_LOOK_MS = 15 * 60_000;

/**
 * Tells a device about a conversation as it stands now, whatever it was when the job was added. May run twice (a
 * worker died): the state is read anew, and what the device was told is in it.
 */
export function pushJob(deps: PushJobDeps): PushJobHandler {
  const { platform, provider, breaker, store, metrics, settings } = deps;

  return async (job, token) => {
    const { data: ids } = pushJobSchema.safeParse(job.data);
    if (!ids) throw new UnrecoverableError('The data of the job is not that of a push job');
    // First, so that the jobs of a provider that is down cost the store nothing.
    await waitIfNeeded(job, token, spread(breaker.waitMs()));

    const { push } = await store.pushState(ids);
    // The device may have come back with another platform: then its jobs are in that one's queue.
    if (!push || push.device.platform !== platform) return;
    const now = new Date();
    const expiresAt = new Date(Date.parse(push.at) + settings.ttlMs);
    if (now >= expiresAt) {
      metrics.expired.inc({ platform });
      return;
    }
    const untilNext = untilNextPush(push.pushed_at, settings.minIntervalMs, now);
    const untilLoud = untilQuietHoursEnd(push.device, now);
    await waitIfNeeded(job, token, Math.max(untilNext, untilLoud));
    await waitIfNeeded(job, token, spread(breaker.enter()));

    const body = settings.previews && push.content !== null ? preview(push.content) : 'New message';
    const { seq, agent_name: title, badge } = push;
    const { user_id, conversation_id } = ids;
    const notification = { user_id, conversation_id, seq, title, body, badge, expiresAt };
    const failed = await send(deps, notification, push.device);
    if (failed) {
      const retryMs = await carryOut(deps, failed, { ids, push, attempts: job.attemptsStarted });
      await waitIfNeeded(job, token, Math.min(retryMs, expiresAt.getTime() - Date.now()));
      return;
    }
    await store.markPushed({ ...ids, seq });
    metrics.sent.inc({ provider: provider.name });
    metrics.commitToProvider.observe((Date.now() - Date.parse(push.at)) / 1_000);
  };
}

/** Why it was not taken; undefined when it was. */
async function send(
  { provider, breaker, log, metrics }: PushJobDeps,
  notification: Notification,
  device: Device,
): Promise<Verdict | undefined> {
  try {
    await provider.send(notification, device);
    breaker.succeed();
    return undefined;
  } catch (error) {
    if (error instanceof PushError) return error.verdict;
    breaker.fail();
    metrics.sendFailures.inc({ provider: provider.name, reason: 'unexpected' });
    const { user_id, conversation_id, seq } = notification;
    const name = error instanceof Error ? error.name : typeof error;
    // Texts of other errors can hold device tokens, which are in the paths of APNs.
    log.warn({ user_id, conversation_id, seq, error: name }, 'push failed unexpectedly');
    throw new Error('unexpected');
  }
}

/** Does what a verdict asks for. Milliseconds until the next try, 0 when there is none. */
async function carryOut(
  { platform, provider, breaker, store, log, metrics }: PushJobDeps,
  { outcome, reason, retryAfterMs = 0, goneAt, alarm }: Verdict,
  { ids, push, attempts }: { ids: PushJob; push: Push; attempts: number },
): Promise<number> {
  metrics.sendFailures.inc({ provider: provider.name, reason });
  const details = { ...ids, seq: push.seq, provider: provider.name, reason };
  const isAlarm = outcome === 'misconfigured' || alarm;
  if (isAlarm) metrics.misconfigured.inc({ platform });
  log[isAlarm ? 'error' : 'warn'](
    details,
    isAlarm ? 'push is set up wrongly' : 'push was not sent',
  );

  const isDown = outcome === 'down' || outcome === 'misconfigured';
  if (isDown) breaker.fail({ retryAfterMs, atOnce: outcome === 'misconfigured' });
  else breaker.succeed();

  if (outcome === 'refused') throw new UnrecoverableError(reason);
  if (outcome !== 'gone') {
    return Math.max(retryAfterMs, spread(breaker.waitMs()) || backoff(attempts));
  }
  const registered_until = goneAt?.toISOString() ?? push.device.registered_at;
  const { dropped } = await store.dropPushToken({ token: push.device.token, registered_until });
  if (dropped) metrics.tokensPruned.inc({ provider: provider.name, reason });
  return 0;
}

/** Moves the job to delayed, unless there is nothing to wait for. That uses up none of its attempts. */
async function waitIfNeeded(job: Job, token: string | undefined, ms: number): Promise<void> {
  if (ms <= 0) return;
  await job.moveToDelayed(Date.now() + ms, token);
  throw new DelayedError();
}

/** Jobs that wait for the same moment do not all come at it. */
function spread(ms: number): number {
  return ms > 0 ? ms + Math.random() * Math.min(ms, 1_000) : 0;
}

function backoff(attempts: number): number {
  const ms = Math.min(RETRY_MS.first * 2 ** Math.max(attempts - 1, 0), RETRY_MS.longest);
  return ms * (0.75 + Math.random() / 2);
}

/** Never more than the interval, however far the clocks of the services are apart. */
function untilNextPush(pushedAt: string | null, minIntervalMs: number, now: Date): number {
  if (pushedAt === null) return 0;
  return Math.min(Date.parse(pushedAt) + minIntervalMs - now.getTime(), minIntervalMs);
}

function untilQuietHoursEnd({ quiet_hours }: Device, now: Date): number {
  if (!quiet_hours) return 0;
  return Math.min(quietMinutesLeft(quiet_hours, now) * 60_000, QUIET_LOOK_MS);
}
