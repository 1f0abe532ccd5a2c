import { createLogger, Scope } from '@agent-messenger/service-kit';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runMessagesProgram } from '../../admin/messages-program';
import { callMessages } from '../call-messages';
import { median } from '../report';
import {
  BATCH,
  fillSome,
  startEmpty,
  type Conversation,
  type FilledStore,
  type Part,
} from './filled-store';
import type { StoreBenchOptions } from './options';
import { folderBytes } from './server-usage';

export interface StoreFigures {
  /** Durable messages per second, by tenths of the run: what growth costs. */
  appends_per_s: number[];
  /** Of messages and its database, microseconds of a core a message, by tenths. */
  cpu_us: number[];
  bytes_per_message: number;
  /** From the start of the process to its readiness, with the store full. */
  start_ms: number;
  /** Of the agent that is in all conversations: its connection, and the first page of its listing. Medians of 20. */
  connect_ms: number;
  listing_ms: number;
  /** The newest page of a conversation, median of 100. */
  history_ms: number;
  /** Of SQLite: a server has tools of its own for it. */
  backup_s?: number;
}

export interface StoreReport {
  messages: number;
  store: StoreBenchOptions['store'];
  node: string;
  cpus: number;
  ours: StoreFigures;
  against?: StoreFigures;
}

const TIMES = 20;
const PAGE = 50;

/** Fills a store, or two in turn, through the calls that gateways use. */
export async function runStoreBench(
  options: StoreBenchOptions,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<StoreReport> {
  const scope = new Scope(createLogger({ name: 'bench', level: 'silent' }));
  try {
    const names =
      options.against === undefined ? ['ours' as const] : (['against', 'ours'] as const);
    const stores: FilledStore[] = [];
    for (const name of names) {
      stores.push(await startEmpty({ ...options, name }, { scope, signal, say }));
    }
    const empty = new Map(stores.map((store) => [store, sizeOf(store)]));
    const parts = new Map<FilledStore, Part[]>(stores.map((store) => [store, []]));
    const batches = Math.ceil((options.thousands * 1_000) / 10 / BATCH);
    for (let tenth = 1; tenth <= 10; tenth += 1) {
      for (const store of stores) {
        const part = await fillSome(store, batches, signal);
        parts.get(store)?.push(part);
        say(`${tenth * 10} %: ${store.name} ${Math.round(part.perSecond)} messages/s`);
      }
    }
    const messages = 10 * batches * BATCH;
    const figures: Partial<Record<FilledStore['name'], StoreFigures>> = {};
    for (const store of stores) {
      const own = parts.get(store) ?? [];
      figures[store.name] = {
        appends_per_s: own.map(({ perSecond }) => perSecond),
        cpu_us: own.map(({ cpuMicros }) => cpuMicros),
        ...(await measureFull(store, { messages, empty: empty.get(store) ?? 0, scope })),
      };
    }
    const { ours, against } = figures;
    if (!ours) throw new Error('nothing was measured');
    return {
      ...{ messages, store: options.store, node: process.version, cpus: availableParallelism() },
      ours,
      ...(against && { against }),
    };
  } finally {
    await scope.close();
  }
}

/** With all that it has on disk. */
async function measureFull(
  store: FilledStore,
  { messages, empty, scope }: { messages: number; empty: number; scope: Scope },
): Promise<Omit<StoreFigures, 'appends_per_s' | 'cpu_us'>> {
  const { stack, agent, conversations } = store;
  await stack.messages.stop();
  if (store.store === 'postgres') await stack.postgres.restart();
  const bytes = sizeOf(store) - empty;
  const startedAt = performance.now();
  await stack.messages.start();
  const start_ms = performance.now() - startedAt;

  const calls = callMessages(stack, scope);
  let epoch = 0;
  const connect_ms = await medianMs(TIMES, () =>
    calls.connect({
      ...{ identity_id: agent.id, credential_id: agent.key, epoch: (epoch += 1) },
      counterparts: PAGE,
    }),
  );
  const listing_ms = await medianMs(TIMES, () =>
    calls.listConversations({ identity_id: agent.id, limit: PAGE, compact: true }),
  );
  const history_ms = await medianMs(100, (n) =>
    calls.listMessages({ ...(conversations[n] as Conversation), limit: PAGE }),
  );
  const full = {
    bytes_per_message: bytes / messages,
    start_ms,
    connect_ms,
    listing_ms,
    history_ms,
  };
  if (store.store === 'postgres') return full;
  const backupAt = performance.now();
  const backups = join(stack.dataDir, 'backups');
  const warn = () => undefined;
  await runMessagesProgram('back-up-store', [databaseOf(store), backups], { env: {}, warn });
  return { ...full, backup_s: (performance.now() - backupAt) / 1_000 };
}

async function medianMs(times: number, call: (n: number) => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const startedAt = performance.now();
    await call(n);
    taken.push(performance.now() - startedAt);
  }
  return median(taken);
}

/** Tables and indexes without what is logged. */
function sizeOf(store: FilledStore): number {
  if (store.store === 'sqlite') return statSync(databaseOf(store)).size;
  return folderBytes(join(store.stack.postgres.dir, 'base'));
}

function databaseOf({ stack }: FilledStore): string {
  return join(stack.dataDir, 'messages.db');
}
