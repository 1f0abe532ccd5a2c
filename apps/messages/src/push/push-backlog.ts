import type { PushPlatform } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { startConsumerLoop } from '../background/consumer-loop';
import { pushBacklogMetrics } from '../metrics';
import type { Store, WaitingDevice } from '../store/store';
import type { PushQueues } from './push-queues';

/**
 * Queues what waits in the store for devices that could not be reached, or for room in the queue. A device that cannot
 * be reached has one job in the queue, which finds out when it can.
 */
export interface PushBacklog {
  /** A device may have become reachable. */
  wake(): void;
  stop(): Promise<void>;
}

interface PushBacklogOptions {
  store: Pick<
    Store,
    'waitingDevices' | 'waitingDeviceCount' | 'waitingPushes' | 'releasePush' | 'endWaiting'
  >;
  queues: Pick<PushQueues, 'add'>;
  log: Logger;
  metrics: Registry;
  /** Between two looks at all devices, milliseconds. */
  sweepMs?: number;
}

const PAGE = 100;

export function startPushBacklog(options: PushBacklogOptions): PushBacklog {
  const { store, queues, log, metrics, sweepMs = 60_000 } = options;
  pushBacklogMetrics(metrics, () => store.waitingDeviceCount());
  // All of them at first: what a crash or an emptied Redis has left without a job is found here.
  let sweptAt = -Infinity;

  async function step(): Promise<boolean> {
    const now = performance.now();
    const released = now - sweptAt < sweepMs;
    const full = new Set<PushPlatform>();
    let after: WaitingDevice | undefined;
    for (;;) {
      const devices = await store.waitingDevices({ after, released, limit: PAGE });
      for (const device of devices) {
        if (full.has(device.platform)) continue;
        const hasRoom = await (device.probe === null
          ? release(device)
          : probe(device, device.probe));
        if (hasRoom) continue;
        // Woken by every push that was sent: it must not pass over all that waits each time.
        if (released) return false;
        full.add(device.platform);
      }
      after = devices.at(-1);
      if (devices.length < PAGE) break;
    }
    if (!released) sweptAt = now;
    return false;
  }

  /** Queues all that waits for the device. False: the queue is full. */
  async function release(device: WaitingDevice): Promise<boolean> {
    let after: string | undefined;
    for (;;) {
      const due = await store.waitingPushes(device, { after, limit: PAGE });
      if ((await queues.add(due)).length > 0) return false;
      after = due.at(-1)?.job.conversation_id;
      if (due.length < PAGE) break;
    }
    await store.endWaiting(device);
    return true;
  }

  /** The job is there already, unless Redis has lost it. Without anything to tell of it, others find out. */
  async function probe(device: WaitingDevice, conversation_id: string): Promise<boolean> {
    const due = await store.waitingPushes(device, { conversation_id, limit: 1 });
    if (due.length > 0) return (await queues.add(due)).length === 0;
    await store.releasePush({ ...device, conversation_id });
    return await release({ ...device, probe: null });
  }

  const loop = startConsumerLoop({ name: 'push backlog', log, step, idleMs: sweepMs });
  return { wake: () => loop.wake(), stop: () => loop.stop() };
}
