import type {
  GatewayMessage,
  LogAnnouncement,
  PositionMoved,
  ReceiptFrame,
  RedisNames,
} from '@agent-messenger/contracts';
import { isReadOnly, type Logger } from '@agent-messenger/service-kit';
import type { ChainableCommander, Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { startConsumerLoop } from '../background/consumer-loop';
import { ConnectedAt, type Gateways } from './connected-at';
import type { EventTraces, TracedEntry } from './event-traces';
import { relayMetrics } from '../metrics';
import { MovedPositions, type MovedPosition } from './moved-positions';
import type { LogEntry, Store } from '../store/store';

/**
 * Brings committed events to the gateways that hold their recipients' connections: a serial loop over the log, so
 * that a gateway is handed the events of a conversation in order.
 *
 * At least once: a stretch is done after Redis has taken it. The lease is looked up after the commit; a connection
 * takes its lease before it reads the log. So an event is either seen by that read or finds the lease.
 */
export interface Relay {
  /** Something was committed. */
  wake(): void;
  /** These positions moved, with a commit: whoever is connected is told, once at most. */
  publishPositions(moved: readonly PositionMoved[]): void;
  stop(): Promise<void>;
}

interface RelayOptions {
  store: Pick<Store, 'logId' | 'nextEntries' | 'lagOf'>;
  redis: Redis;
  names: RedisNames;
  log: Logger;
  metrics: Registry;
  traces?: EventTraces | undefined;
}

/** Events per round trip to Redis. */
const PAGE = 500;
/** For commits whose wake-up went missing. */
const IDLE_MS = 1_000;
const ANNOUNCED_EVERY_MS = 5_000;
/** Largest message on a gateway's channel, bytes: a slow subscriber is cut off by its output buffer. */
const PUBLISH_BYTES = 1024 * 1024;

export function startRelay(options: RelayOptions): Relay {
  const { store, redis, names, log, metrics, traces } = options;
  const positions = new MovedPositions();
  const connectedAt = new ConnectedAt();
  let announcedAt = -Infinity;
  const { relayed } = relayMetrics(metrics, () => store.lagOf('relay'));

  async function step(): Promise<boolean> {
    const stretch = await store.nextEntries(PAGE);
    if (performance.now() - announcedAt >= ANNOUNCED_EVERY_MS) await announceLog();
    // With the events of the same commits: one look for leases, one publish to each gateway, one write to each peer.
    const moved = positions.take();
    if (!stretch && moved.length === 0) return false;
    await passOn(stretch?.items ?? [], moved);
    if (stretch) {
      relayed.inc(stretch.items.length);
      stretch.done();
    }
    return true;
  }

  /** For connections that are told nothing else: what they have received may not be there any more. */
  async function announceLog(): Promise<void> {
    const announcement: LogAnnouncement = { log_id: store.logId };
    await redis.publish(names.log, JSON.stringify(announcement));
    announcedAt = performance.now();
  }

  async function passOn(entries: LogEntry[], moved: MovedPosition[]): Promise<void> {
    const spans = traces?.relay(entries);
    try {
      const items = spans?.items ?? entries;
      const messagesFor = (gateways: Gateways) => [
        ...toMessages(store.logId, items, gateways),
        ...receiptMessages(moved, gateways),
      ];
      const to = [...entries.map((entry) => entry.to), ...moved.map(({ tell }) => tell)];
      const ids = [...new Set(to.flat())];
      // Nearly everybody is where they were: then one round trip tells that, and has told them.
      const leases = await publish(redis, names, {
        ids,
        messages: messagesFor(connectedAt.guess(ids)),
      });
      const missed = connectedAt.correct(ids, leases);
      if (missed.size > 0) await publish(redis, names, { ids: [], messages: messagesFor(missed) });
      spans?.end();
    } catch (error) {
      spans?.end(error);
      throw error;
    }
  }

  const loop = startConsumerLoop({ name: 'relay', log, step, idleMs: IDLE_MS });
  const onReady = () => loop.retryNow();
  redis.on('ready', onReady);
  return {
    wake: () => loop.wake(),
    publishPositions(moved) {
      for (const one of moved) positions.note(one);
      loop.wake();
    },
    async stop() {
      redis.off('ready', onReady);
      await loop.stop();
    },
  };
}

/**
 * GatewayMessages as JSON, few per gateway. Put together as text: an event is turned into JSON once, however many
 * gateways get it.
 */
export function toMessages(
  logId: string,
  entries: TracedEntry[],
  gateways: Gateways,
  maxBytes = PUBLISH_BYTES,
): { gateway: string; message: string }[] {
  const messages: { gateway: string; message: string }[] = [];
  const open = new Map<string, { frames: string[]; bytes: number }>();
  const head = `{"type":"events","log_id":${JSON.stringify(logId)},"frames":[`;
  const close = (gateway: string, frames: string[]) =>
    messages.push({ gateway, message: `${head}${frames.join(',')}]}` });

  for (const { event, to, traceparent } of entries) {
    const recipients = new Map<string, string[]>();
    for (const id of to) {
      const found = gateways.get(id);
      if (!found) continue;
      const sharing = recipients.get(found.gateway);
      if (sharing) sharing.push(found.recipient);
      else recipients.set(found.gateway, [found.recipient]);
    }
    if (recipients.size === 0) continue;
    const json = JSON.stringify(event);
    const trace = traceparent === undefined ? '' : `,"traceparent":"${traceparent}"`;
    const bytes = Buffer.byteLength(json);
    for (const [gateway, list] of recipients) {
      const batch = open.get(gateway) ?? { frames: [], bytes: 0 };
      if (batch.frames.length > 0 && batch.bytes + bytes > maxBytes) {
        close(gateway, batch.frames);
        batch.frames = [];
        batch.bytes = 0;
      }
      batch.frames.push(`{"to":[${list.join(',')}],"event":${json}${trace}}`);
      batch.bytes += bytes;
      open.set(gateway, batch);
    }
  }
  for (const [gateway, { frames }] of open) close(gateway, frames);
  return messages;
}

/** GatewayMessages as JSON, one for each gateway that has somebody to tell. */
function receiptMessages(
  moved: MovedPosition[],
  gateways: Gateways,
): { gateway: string; message: string }[] {
  const frames = new Map<string, ReceiptFrame[]>();
  for (const { receipt, tell } of moved) {
    const at = new Map<string, string[]>();
    for (const id of tell) {
      const found = gateways.get(id);
      if (found) at.set(found.gateway, [...(at.get(found.gateway) ?? []), id]);
    }
    for (const [gateway, to] of at) {
      const others = frames.get(gateway) ?? [];
      others.push({ to, receipt });
      frames.set(gateway, others);
    }
  }
  return [...frames].map(([gateway, list]) => ({
    gateway,
    message: JSON.stringify({ type: 'receipts', frames: list } satisfies GatewayMessage),
  }));
}

/** @returns the leases of `ids`, as they are before anything is published */
async function publish(
  redis: Redis,
  names: RedisNames,
  { ids, messages }: { ids: string[]; messages: { gateway: string; message: string }[] },
): Promise<(string | null)[]> {
  if (ids.length === 0 && messages.length === 0) return [];
  const pipeline = askPrimary(redis, names);
  if (ids.length > 0) pipeline.mget(ids.map((id) => names.lease(id)));
  for (const { gateway, message } of messages) pipeline.publish(names.gateway(gateway), message);
  const [leases] = await answersOf(pipeline);
  return ids.length > 0 ? (leases as (string | null)[]) : [];
}

/**
 * A primary that was demoted answers as before, with leases of the past, and what is published there reaches nobody: a
 * write in front of everything tells.
 */
function askPrimary(redis: Redis, names: RedisNames): ChainableCommander {
  return redis.pipeline().del(names.neverSet);
}

/** Without that of the write. */
async function answersOf(pipeline: ChainableCommander): Promise<unknown[]> {
  const [write, ...others] = (await pipeline.exec()) ?? [];
  // Whatever else forbids writes does not keep it from reaching everybody.
  if (write?.[0] && isReadOnly(write[0])) throw write[0];
  // A pipeline resolves when single commands have failed: each has its own error.
  for (const [error] of others) if (error) throw error;
  return others.map(([, answer]) => answer);
}
