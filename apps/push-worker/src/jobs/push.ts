import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { pushJobSchema } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import { DelayedError, UnrecoverableError } from 'bullmq';
import { z } from 'zod';
import type { PushMetrics } from '../metrics';
import type { Device, Notification, Providers } from '../providers/provider';
import { PushError } from '../providers/provider';

interface PushJobDeps {
  store: Pick<Client<typeof messagesCalls>, 'pushState' | 'markPushed'>;
  providers: Providers;
  log: Logger;
  metrics: PushMetrics;
  /** Milliseconds between two pushes about one conversation. */
  minIntervalMs: number;
}

export type PushJobHandler = (job: Job, token?: string) => Promise<void>;

/** What a run leaves for the next one, so that no device is told twice about the same message. */
const progressSchema = z.object({ seq: z.int(), told: z.array(z.string()) });

/**
 * Tells a person's devices about a conversation as it stands now, whatever it was when the job was added. May run
 * twice (a worker died, a device failed): the state is read anew, and devices that were told are passed over.
 */
export function pushJob(deps: PushJobDeps): PushJobHandler {
  const { store, providers, log, metrics, minIntervalMs } = deps;

  /** Whether the device's provider took it. */
  async function send(notification: Notification, device: Device): Promise<boolean> {
    const provider = providers.get(device.platform);
    const name = provider?.name ?? 'none';
    try {
      if (!provider) throw new PushError('no_provider');
      await provider.send(notification, device);
      metrics.sent.inc({ provider: name });
      return true;
    } catch (error) {
      // Texts of other errors can hold device tokens, which are in the paths of APNs.
      const reason = error instanceof PushError ? error.reason : 'unexpected';
      metrics.sendFailures.inc({ provider: name, reason });
      const { user_id, conversation_id, seq } = notification;
      log.warn({ user_id, conversation_id, seq, provider: name, reason }, 'push was not sent');
      return false;
    }
  }

  return async (job, token) => {
    const { data: ids } = pushJobSchema.safeParse(job.data);
    if (!ids) throw new UnrecoverableError('The data of the job is not that of a push job');
    const { push } = await store.pushState(ids);
    if (!push) return;

    const wait = untilNext(push.pushed_at, minIntervalMs);
    if (wait > 0) {
      await job.moveToDelayed(Date.now() + wait, token);
      throw new DelayedError();
    }

    const { seq, agent_name, content, badge, devices } = push;
    const notification = { ...ids, seq, title: agent_name, body: content, badge };
    const progress = progressSchema.safeParse(job.progress).data;
    const told = new Set(progress?.seq === seq ? progress.told : []);
    await Promise.all(
      devices
        .filter(({ device_id }) => !told.has(device_id))
        .map(async (device) => {
          if (await send(notification, device)) told.add(device.device_id);
        }),
    );
    await job.updateProgress({ seq, told: [...told] });
    const missing = devices.filter(({ device_id }) => !told.has(device_id)).length;
    if (missing > 0) throw new Error(`Not sent to ${missing} of ${devices.length} devices`);
    await store.markPushed({ ...ids, seq });
  };
}

/** Milliseconds. Never more than the interval, however far the clocks of the services are apart. */
function untilNext(pushedAt: string | null, minIntervalMs: number): number {
  if (pushedAt === null) return 0;
  return Math.min(Date.parse(pushedAt) + minIntervalMs - Date.now(), minIntervalMs);
}
