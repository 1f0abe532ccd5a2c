import type { Logger } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { startConsumerLoop } from './consumer-loop';
import type { EventTraces } from './event-traces';
import { lagOf } from './lag-of';
import { pushConsumerMetrics } from './metrics';
import type { PushQueues } from './push-queues';
import type { DuePush, Store } from './store/store';

/**
 * Follows the log one grace period behind and queues a push for everyone who has a device and has not received.
 * One delayed job per message would cost a third of the throughput; most messages are received within the grace.
 */
export interface PushConsumer {
  stop(): Promise<void>;
}

interface PushConsumerOptions {
  store: Pick<Store, 'pushesAfter' | 'entriesAfter' | 'offset' | 'advance'>;
  queues: PushQueues;
  log: Logger;
  metrics: Registry;
  traces?: EventTraces | undefined;
  /** Longer than a client's ack interval and a gateway's flush, or who receives in time gets a push too. */
  graceMs: number;
  now?: () => number;
}

const PAGE = 500;
/** How late a push may be on top of the grace. */
const IDLE_MS = 250;

export function startPushConsumer(options: PushConsumerOptions): PushConsumer {
  const { store, queues, log, metrics, traces, graceMs, now = Date.now } = options;
  let offset: number | undefined;
  const { queued } = pushConsumerMetrics(metrics, async () =>
    lagOf(store, offset ?? (await store.offset('push'))),
  );

  async function step(): Promise<boolean> {
    offset ??= await store.offset('push');
    const before = new Date(now() - graceMs).toISOString();
    const { pos, jobs } = await store.pushesAfter(offset, before, PAGE);
    if (pos === offset) return false;
    if (jobs.length > 0) await queue(jobs);
    offset = pos;
    store.advance('push', offset);
    return true;
  }

  async function queue(due: DuePush[]): Promise<void> {
    const spans = traces?.queue(due);
    try {
      await queues.add(spans?.items ?? due);
      spans?.end();
    } catch (error) {
      spans?.end(error);
      throw error;
    }
    for (const { platform } of due) queued.inc({ platform });
  }

  const loop = startConsumerLoop({ name: 'push', log, step, idleMs: IDLE_MS });
  return { stop: () => loop.stop() };
}
