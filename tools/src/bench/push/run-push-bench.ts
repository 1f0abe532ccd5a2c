import { createLogger, Scope } from '@agent-messenger/service-kit';
import {
  inParallel,
  type PushStandins,
  type Stack,
  startPushStandins,
  startStack,
  waitFor,
} from '@agent-messenger/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callMessages, OPERATOR, type Messages } from '../call-messages';
import { cpuSeconds } from '../streams/cpu-seconds';
import { entriesOf, profile } from '../target';
import { makeWorkFolder } from '../work-folder';
import type { PushBenchOptions } from './options';

export interface PushReport {
  people: number;
  platform: string;
  node: string;
  cpus: number;
  /** Between the first notification and the last. */
  pushes_per_s: number;
  /** From commit to provider, milliseconds, grace included. */
  latency_ms: { p50: number; p95: number; p99: number; max: number };
  missing: number;
  doubled: number;
  /**
   * CPU of each process for a notification, µs; `bench` is this one, with the stand-in. Linux only, empty elsewhere.
   */
  cpu_us: Record<string, number>;
  /** What the stand-in found wrong with requests. */
  complaints: string[];
}

interface BenchContext {
  signal: AbortSignal;
  say: (line: string) => void;
}

/** No notification for this long: the rest does not come any more. */
const GIVE_UP_MS = 10_000;
const BATCH = 500;
/** Before the one that is measured: code that runs for the first time is no measure of a worker. */
const WARM_UPS = 3;
/** PUSH_MIN_INTERVAL_MS, so that a burst is not held up by the one before. */
const MIN_INTERVAL_MS = 100;
const PAUSE_MS = 1_000;

/** @param build folder of another checkout that has been built; this one by default */
export async function runPushBench(
  options: PushBenchOptions,
  { signal, say }: BenchContext,
  build?: string,
): Promise<PushReport> {
  const dataDir = makeWorkFolder('bench-push');
  const scope = new Scope(createLogger({ name: 'bench', level: 'silent' }));
  scope.defer('folder', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 }));
  try {
    const standins = await startPushStandins({ dir: join(dataDir, 'standins') });
    scope.defer('stand-ins', () => standins.stop());
    say('starting …');
    const quiet = { LOG_LEVEL: 'warn' };
    const stack = await startStack({
      dataDir: join(dataDir, 'stack'),
      signal,
      report: say,
      entries: entriesOf(build),
      env: {
        messages: { ...quiet, ...profile(options.cpuProf, 'messages') },
        auth: quiet,
        gateway: quiet,
        'push-worker': {
          ...quiet,
          ...profile(options.cpuProf, 'push-worker'),
          ...standins.env,
          PUSH_MIN_INTERVAL_MS: `${MIN_INTERVAL_MS}`,
        },
      },
    });
    scope.defer('stack', () => stack.stop());
    const messages = callMessages(stack, scope);
    const agent_id = await createAgent(messages);
    const conversations = await inParallel(Array.from({ length: options.people }), () =>
      createPerson(messages, { agent_id, standins, platform: options.platform }),
    );
    say(`${options.people} people are registered and offline`);
    const { shown } = standins;
    for (let n = 0; n < WARM_UPS; n += 1) {
      await sendToAll(messages, agent_id, conversations);
      await settle(standins, options.people, signal);
      shown.length = 0;
      await delay(PAUSE_MS);
    }
    const before = cpuOf(stack);
    const committedAt = await sendToAll(messages, agent_id, conversations);
    await settle(standins, options.people, signal);
    const cpu = cpuOf(stack);
    const cpu_us = Object.fromEntries(
      Object.entries(cpu).map(([name, seconds]) => [
        name,
        Math.round(((seconds - (before[name] ?? 0)) / options.people) * 1e6),
      ]),
    );
    return { ...account(options, standins, committedAt), cpu_us };
  } finally {
    await scope.close();
  }
}

async function createAgent(messages: Messages): Promise<string> {
  const agent = { name: 'Bench', key_id: randomUUID(), key_hash: 'none', by: OPERATOR };
  return (await messages.createAgent(agent)).id;
}

/** The person's conversation with the agent. */
async function createPerson(
  messages: Messages,
  {
    agent_id,
    standins,
    platform,
  }: { agent_id: string; standins: PushStandins; platform: PushBenchOptions['platform'] },
): Promise<`cnv_${string}`> {
  const username = `p-${randomBytes(8).toString('hex')}`;
  const { user_id } = await messages.createUser({ username, password_hash: 'none', by: OPERATOR });
  const { endpoint, keys } = standins.webpush.subscribe(standins.vapidPublicKey);
  const device =
    platform === 'webpush' ? { token: endpoint, keys } : { token: randomBytes(32).toString('hex') };
  const registration = { device_id: 'phone', platform, ...device };
  const { session_id } = await messages.createSession({
    user_id,
    refresh_digest: randomUUID(),
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    by: OPERATOR,
  });
  await messages.registerPush({ user_id, session_id, registration });
  const { conversation } = await messages.createConversation({ user_id, agent_id });
  return conversation.id as `cnv_${string}`;
}

/** Seconds so far, of each process. */
function cpuOf(stack: Stack): Record<string, number> {
  if (process.platform !== 'linux') return {};
  const pids = { ...stack.pids(), bench: process.pid };
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds([pid])]));
}

/** When the message of each conversation was committed, ms since the epoch. */
async function sendToAll(
  messages: Messages,
  agent_id: string,
  conversations: readonly `cnv_${string}`[],
): Promise<Map<string, number>> {
  const committedAt = new Map<string, number>();
  for (let from = 0; from < conversations.length; from += BATCH) {
    const batch = conversations.slice(from, from + BATCH);
    const { results } = await messages.append({
      operations: batch.map((conversation_id) => ({
        op: 'send' as const,
        identity_id: agent_id,
        epoch: null,
        conversation_id,
        client_id: randomUUID(),
        content: 'x'.repeat(200),
      })),
    });
    for (const result of results) {
      if (!result.ok || !('sent' in result)) throw new Error('a message was refused');
      const { conversation_id, created_at } = result.sent.message;
      committedAt.set(conversation_id, Date.parse(created_at));
    }
  }
  return committedAt;
}

async function settle({ shown }: PushStandins, people: number, signal: AbortSignal): Promise<void> {
  let seen = -1;
  let progressAt = performance.now();
  await waitFor(
    () => {
      signal.throwIfAborted();
      if (shown.length > seen) progressAt = performance.now();
      seen = shown.length;
      return seen >= people || performance.now() - progressAt > GIVE_UP_MS;
    },
    { timeoutMs: 600_000 },
  );
}

function account(
  { people, platform }: PushBenchOptions,
  standins: PushStandins,
  committedAt: ReadonlyMap<string, number>,
): Omit<PushReport, 'cpu_us'> {
  const { shown } = standins;
  const told = new Set(shown.map(({ conversation_id }) => conversation_id));
  const latencies = shown
    .map(({ at, conversation_id }) => at - (committedAt.get(conversation_id) ?? NaN))
    .toSorted((a, b) => a - b);
  const of = (share: number) => latencies[Math.ceil(latencies.length * share) - 1] ?? NaN;
  const times = shown.map(({ at }) => at);
  const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
  return {
    people,
    platform,
    node: process.version,
    cpus: availableParallelism(),
    pushes_per_s: shown.length / seconds,
    latency_ms: { p50: of(0.5), p95: of(0.95), p99: of(0.99), max: of(1) },
    missing: people - told.size,
    doubled: shown.length - told.size,
    complaints: standins[platform].complaints,
  };
}
