import type { Logger } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { startConsumerLoop } from '../background/consumer-loop';
import type { EventTraces } from '../relay/event-traces';
import { pushConsumerMetrics } from '../metrics';
import type { PushQueues } from './push-queues';
import type { DuePush, Store } from '../store/store';

/**
 * Follows the log one grace period behind and queues a push for everyone who has a device and has not received.
 * One delayed job per message would cost a third of the throughput; most messages are received within the grace.
 */
export interface PushConsumer {
  /** Something was committed. */
  wake(): void;
  stop(): Promise<void>;
}

interface PushConsumerOptions {
  store: Pick<Store, 'nextPushes' | 'parkPushes' | 'stalePushes' | 'correctionsQueued' | 'lagOf'>;
  queues: PushQueues;
  log: Logger;
  metrics: Registry;
  traces?: EventTraces | undefined;
  /** Longer than a client's ack interval and a gateway's flush, or who receives in time gets a push too. */
  graceMs: number;
}

const PAGE = 500;
/** How long what was received may remain unseen and unread. */
export const UNSEEN_MS = 60_000;
/** How late a push may be on top of the grace. */
const IDLE_MS = 250;
/** The same while something may have been committed that is still within the grace. */
const BUSY_MS = 50;

export function startPushConsumer(options: PushConsumerOptions): PushConsumer {
  const { store, queues, log, metrics, traces, graceMs } = options;
  const { queued, parked } = pushConsumerMetrics(
    metrics,
    async () => (await store.lagOf('push')).seconds,
  );

  async function step(): Promise<boolean> {
    return (
      (await queueDue('push', graceMs)) ||
      // What a client has received with nobody before it, and what nobody has read since.
      (await queueDue('unseen', UNSEEN_MS)) ||
      (await correct())
    );
  }

  async function queueDue(consumer: 'push' | 'unseen', ageMs: number): Promise<boolean> {
    const stretch = await store.nextPushes(consumer, { ageMs, limit: PAGE });
    if (!stretch) return false;
    if (stretch.items.length > 0) await queue(stretch.items);
    stretch.done();
    return true;
  }

  /** Queues the corrections of what devices show. A full queue takes them later. */
  async function correct(): Promise<boolean> {
    const stale = await store.stalePushes(PAGE);
    if (stale.length === 0) return false;
    const rest = new Set(await queues.add(stale));
    const taken = stale.filter((each) => !rest.has(each)).map(({ job }) => job);
    await store.correctionsQueued(taken);
    return taken.length === PAGE;
  }

  async function queue(due: DuePush[]): Promise<void> {
    const spans = traces?.queue(due);
    try {
      const rest = await queues.add(spans?.items ?? due);
      if (rest.length > 0) await store.parkPushes(rest.map(({ job }) => job));
      for (const { platform } of rest) parked.inc({ platform });
      spans?.end();
    } catch (error) {
      spans?.end(error);
      throw error;
    }
    for (const { platform } of due) queued.inc({ platform });
  }

  let committedAt = -Infinity;
  const isBusy = () => performance.now() - committedAt < graceMs + IDLE_MS;
  const idleMs = () => (isBusy() ? BUSY_MS : IDLE_MS);
  const loop = startConsumerLoop({ name: 'push', log, step, idleMs });
  return {
    wake() {
      const wasBusy = isBusy();
      committedAt = performance.now();
      // The grace counts from when the loop has seen that there is something.
      if (!wasBusy) loop.wake();
    },
    stop: () => loop.stop(),
  };
}
