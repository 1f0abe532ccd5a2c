import type { Lease, Recipient, RedisNames } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { startConsumerLoop } from './consumer-loop';
import type { EventTraces, TracedEntry } from './event-traces';
import { lagOf } from './lag-of';
import { relayMetrics } from './metrics';
import type { LogEntry, Store } from './store/store';

/**
 * Brings committed events to the gateways that hold their recipients' connections: a serial loop over the log, so
 * that a gateway is handed the events of a conversation in order.
 *
 * At least once: the offset moves after Redis has taken a page. The lease is looked up after the commit; a connection
 * takes its lease before it reads the log. So an event is either seen by that read or finds the lease.
 */
export interface Relay {
  /** Something was committed. */
  wake(): void;
  stop(): Promise<void>;
}

interface RelayOptions {
  store: Pick<Store, 'logId' | 'entriesAfter' | 'offset' | 'advance' | 'head'>;
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
/** Largest message on a gateway's channel, bytes: a slow subscriber is cut off by its output buffer. */
const PUBLISH_BYTES = 1024 * 1024;

export function startRelay(options: RelayOptions): Relay {
  const { store, redis, names, log, metrics, traces } = options;
  let offset: number | undefined;
  const position = async () => offset ?? (await store.offset('relay'));
  const { relayed } = relayMetrics(metrics, {
    // What was purged since it was relayed counts for nothing.
    events: async () => Math.max(0, (await store.head()) - (await position())),
    seconds: async () => lagOf(store, await position()),
  });

  async function step(): Promise<boolean> {
    offset ??= await store.offset('relay');
    const entries = await store.entriesAfter(offset, PAGE);
    const last = entries.at(-1);
    if (!last) return false;
    await passOn(entries);
    relayed.inc(entries.length);
    offset = last.pos;
    store.advance('relay', offset);
    return true;
  }

  async function passOn(entries: LogEntry[]): Promise<void> {
    const spans = traces?.relay(entries);
    try {
      const gateways = await findGateways(redis, names, entries);
      const items = spans?.items ?? entries;
      if (gateways.size > 0) await publish(redis, names, toMessages(store.logId, items, gateways));
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
    async stop() {
      redis.off('ready', onReady);
      await loop.stop();
    },
  };
}

/** Where a recipient is connected; absent when it is not. */
type Gateways = Map<string, { gateway: string; recipient: string }>;

async function findGateways(
  redis: Redis,
  names: RedisNames,
  entries: LogEntry[],
): Promise<Gateways> {
  const ids = [...new Set(entries.flatMap((entry) => entry.to))];
  const gateways: Gateways = new Map();
  if (ids.length === 0) return gateways;
  const leases = await redis.mget(ids.map((id) => names.lease(id)));
  for (const [index, id] of ids.entries()) {
    const text = leases[index];
    if (!text) continue;
    const { gateway, epoch } = JSON.parse(text) as Lease;
    const recipient = JSON.stringify([id, epoch] satisfies Recipient);
    if (gateway !== null) gateways.set(id, { gateway, recipient });
  }
  return gateways;
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

async function publish(
  redis: Redis,
  names: RedisNames,
  messages: { gateway: string; message: string }[],
): Promise<void> {
  const pipeline = redis.pipeline();
  for (const { gateway, message } of messages) pipeline.publish(names.gateway(gateway), message);
  // A pipeline resolves when single commands have failed: each has its own error.
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}
