import type { PushJob } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Limit } from 'p-limit';
import type { Claims } from '../claims';
import { preview, previewOfQuestion } from '../preview';
import type { Device, Notification } from '../providers/provider';
import type { PushStore } from '../push-store';
import { untilQuietHoursEnd } from '../quiet-hours';
import { deliver, type DeliverDeps } from './deliver';
import { backoff, spread } from './pauses';

export interface NotifyDeps extends DeliverDeps {
  store: PushStore;
  claims: Claims;
  /** Sends under way at a time. */
  sends: Limit;
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

export interface Run {
  /** Of the job: the same when another worker takes it over. */
  owner: string;
  /** Of the job, this one included. */
  attempts: number;
}

/**
 * - `hold`: the device cannot be told for so long, of anything
 * - `again`: it can be, though not yet of this. `isAway`: the store or Redis did not answer; `told_seq` is what could
 *   not be noted.
 */
export type NotifyOutcome =
  | 'notified'
  | 'done'
  | { then: 'hold'; ms: number }
  | { then: 'again'; ms: number; isAway?: true; told_seq?: number | undefined };

export type NotifyDevice = (push: PushJob, run: Run) => Promise<NotifyOutcome>;

/** What the device was told could not be noted, for a reason that does not pass by itself. */
export class NotNoted extends Error {
  constructor(
    readonly told_seq: number,
    cause: unknown,
  ) {
    super('what was told could not be noted', { cause });
  }
}

/** Until another job has told the device, or the claim of one that died has run out. */
const BUSY_MS = 1_000;
/** How old a state may be that is told. More than that a send waits for others only when the provider is slow. */
const FRESH_MS = 1_000;

type Push = NonNullable<Awaited<ReturnType<PushStore['pushState']>>['push']>;
interface DueNotification {
  notification: Notification;
  device: Device;
  /** What is noted of it. */
  mark: Parameters<PushStore['markPushed']>[0];
  /** Of the newest message; of a correction when the device was told. */
  at: string;
}
type Decision =
  DueNotification | { toMark: DueNotification['mark'] } | Exclude<NotifyOutcome, 'notified'>;

/**
 * Notifies a device of a conversation as it stands now, whatever it was when the job was added. May run twice (a
 * worker died): the state is read anew, and what the device was told is in it.
 */
export function createNotifyDevice(deps: NotifyDeps): NotifyDevice {
  const { claims, metrics } = deps;
  return async (push, { owner, attempts }) => {
    try {
      if (!(await claims.take(push, owner))) return { then: 'again', ms: BUSY_MS };
      try {
        return await notify(deps, push, attempts);
      } finally {
        await claims.release(push, owner);
      }
    } catch (error) {
      const cause = error instanceof NotNoted ? error.cause : error;
      if (!(cause instanceof AppError) || cause.code !== 'unavailable') throw error;
      // Without a use of its attempts: the store may be away for longer than all of them take.
      metrics.jobFailures.inc({ reason: cause.code });
      const told_seq = error instanceof NotNoted ? error.told_seq : push.told_seq;
      return { then: 'again', ms: backoff(attempts), isAway: true, told_seq };
    }
  };
}

async function notify(deps: NotifyDeps, push: PushJob, attempts: number): Promise<NotifyOutcome> {
  const { provider, breakerOf, store, sends } = deps;
  const { user_id, conversation_id, device_id, told_seq } = push;
  const ids = { user_id, conversation_id, device_id };
  if (told_seq !== undefined) await store.markPushed({ ...ids, seq: told_seq });
  // The jobs of a provider that is down cost the store nothing, if it has one server for all devices.
  const untilTrial = provider.serverOf ? 0 : breakerOf(provider.name).waitMs();
  if (untilTrial > 0) return { then: 'hold', ms: spread(untilTrial) };

  const read = async () => decide(deps, ids, (await store.pushState(ids)).push);
  const decision = await read();
  const readAt = performance.now();
  const sent = isDue(decision)
    ? await sends(async () => {
        const isFresh = performance.now() - readAt < FRESH_MS;
        return send(deps, isFresh ? decision : await read(), attempts);
      })
    : decision;
  if (typeof sent === 'string' || !('toMark' in sent)) return sent;
  try {
    await store.markPushed(sent.toMark);
  } catch (error) {
    throw new NotNoted(sent.toMark.seq, error);
  }
  return 'notified';
}

const isDue = (decision: Decision): decision is DueNotification =>
  typeof decision === 'object' && 'notification' in decision;

/** What is to be done; a notification has been sent then. */
async function send(
  deps: NotifyDeps,
  decision: Decision,
  attempts: number,
): Promise<Exclude<Decision, DueNotification>> {
  if (!isDue(decision)) return decision;
  const { provider, metrics } = deps;
  const { notification, device, mark, at } = decision;
  const delivered = await deliver(deps, { notification, device, attempts });
  if (delivered === 'gone') return 'done';
  if (delivered !== 'taken') {
    const untilExpiry = notification.expiresAt.getTime() - Date.now();
    return { then: 'hold', ms: Math.max(Math.min(delivered.retryMs, untilExpiry), 1) };
  }
  metrics.sent.inc({ provider: provider.name });
  const tookMs = Date.now() - Date.parse(at);
  // Below 0 a clock was set back: that is told as such, and is no duration.
  if (tookMs >= 0 && !notification.change) metrics.commitToProvider.observe(tookMs / 1_000);
  return { toMark: mark };
}

function decide(
  { platform, provider, metrics, settings }: NotifyDeps,
  ids: { user_id: string; conversation_id: string; device_id: string },
  push: Push | null,
): Decision {
  // The device may have come back with another platform: then its jobs are in that one's queue.
  if (!push || push.device.platform !== platform) return 'done';
  const now = new Date();
  const expiresAt = new Date(Date.parse(push.at) + settings.ttlMs);
  if (now >= expiresAt) {
    metrics.expired.inc({ platform });
    return 'done';
  }
  const untilNext = untilNextPush(push.pushed_at, settings.minIntervalMs, now);
  const { change, seq, rev, at, agent_name: title, badge, device } = push;
  const withdrawn = change === 'withdrawn';
  const mark = { ...ids, seq, rev, ...(withdrawn && { withdrawn }) };
  // The next one that the person notices takes the place of what is shown.
  if (change && !provider.pushesSilently) return { toMark: mark };
  const untilLoud = change ? 0 : untilQuietHoursEnd(device.quiet_hours, now);
  if (untilLoud > 0) return { then: 'hold', ms: Math.max(untilNext, untilLoud) };
  if (untilNext > 0) return { then: 'again', ms: untilNext };

  const { user_id, conversation_id } = ids;
  const body = withdrawn ? '' : bodyOf(push, settings);
  const notification = { user_id, conversation_id, seq, title, body, badge, change, expiresAt };
  return { notification, device, mark, at };
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
