import { PassThrough } from 'node:stream';
import type { CallRequest, CallResponse, Handlers } from '@agent-messenger/contracts';
import type { PushPlatform } from '@agent-messenger/contracts';
import {
  messagesCalls,
  PUSH_BATCH_OPTIONS,
  pushDeduplicationId,
  redisNames,
} from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import {
  AppError,
  createLogger,
  loadConfig,
  Scope,
  serveInternal,
} from '@agent-messenger/service-kit';
import { Queue } from 'bullmq';
import { Registry } from 'prom-client';
import { configSchema } from '../src/config';
import type { Device, Notification, PushProvider } from '../src/providers/provider';
import { startPushWorker } from '../src/service';

export const INTERNAL_JWT_SECRET = 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc';
const silent = createLogger({ name: 'test', level: 'silent' });

export type PushState = NonNullable<CallResponse<typeof messagesCalls, 'pushState'>['push']>;

const calls = {
  pushStates: messagesCalls.pushStates,
  markAllPushed: messagesCalls.markAllPushed,
  holdPush: messagesCalls.holdPush,
  releasePush: messagesCalls.releasePush,
  dropPushToken: messagesCalls.dropPushToken,
  announcePush: messagesCalls.announcePush,
  pushConfig: messagesCalls.pushConfig,
  lastConnected: messagesCalls.lastConnected,
};

/** The part of the messages service that the worker uses. */
export interface FakeMessages {
  url: string;
  /** By conversation, or by device as `conversation/device`; until the device was told of it. */
  states: Map<string, PushState>;
  /** The conversation that probes a device, by device; as the store, others have nothing to push meanwhile. */
  probes: Map<string, string>;
  /** Probes that ended without telling anything. */
  released: string[];
  /** Conversations whose state was asked for. */
  asked: string[];
  marked: CallRequest<typeof messagesCalls, 'markPushed'>[];
  dropped: CallRequest<typeof messagesCalls, 'dropPushToken'>[];
  announced: CallRequest<typeof messagesCalls, 'announcePush'>[];
  /** So many of the next calls fail. */
  failures: number;
  /** So many of the next marks fail. */
  markFailures: number;
  close(): Promise<void>;
}

export async function startFakeMessages(): Promise<FakeMessages> {
  const scope = new Scope(silent);
  const fake: FakeMessages = {
    url: '',
    states: new Map(),
    probes: new Map(),
    released: [],
    asked: [],
    marked: [],
    dropped: [],
    announced: [],
    failures: 0,
    markFailures: 0,
    close: () => scope.close(),
  };
  function mayFail(what: 'failures' | 'markFailures' = 'failures'): void {
    if (fake[what] === 0) return;
    fake[what] -= 1;
    throw new AppError('unavailable', 'The store is down');
  }
  function keyOf({ conversation_id, device_id }: CallRequest<typeof messagesCalls, 'pushState'>) {
    const own = `${conversation_id}/${device_id}`;
    return fake.states.has(own) ? own : conversation_id;
  }
  function stateOf(request: CallRequest<typeof messagesCalls, 'pushState'>) {
    fake.asked.push(request.conversation_id);
    mayFail();
    const probe = fake.probes.get(request.device_id);
    if (probe !== undefined && probe !== request.conversation_id) return { push: null };
    return { push: fake.states.get(keyOf(request)) ?? null };
  }
  function mark(request: CallRequest<typeof messagesCalls, 'markPushed'>): void {
    mayFail();
    mayFail('markFailures');
    fake.marked.push(request);
    fake.probes.delete(request.device_id);
    const state = fake.states.get(keyOf(request));
    if (state) state.pushed_at = new Date().toISOString();
    if (state && state.seq <= request.seq) fake.states.delete(keyOf(request));
  }
  const handlers: Handlers<typeof calls> = {
    pushStates: ({ targets }) => ({ states: targets.map(stateOf) }),
    markAllPushed({ marks }) {
      marks.forEach(mark);
      return {};
    },
    holdPush({ device_id, conversation_id }) {
      mayFail();
      const probe = fake.probes.get(device_id) ?? conversation_id;
      fake.probes.set(device_id, probe);
      return { probes: probe === conversation_id };
    },
    releasePush({ device_id, conversation_id }) {
      if (fake.probes.get(device_id) === conversation_id) fake.probes.delete(device_id);
      fake.released.push(conversation_id);
      return {};
    },
    dropPushToken(request) {
      fake.dropped.push(request);
      return { dropped: true };
    },
    announcePush(request) {
      mayFail();
      fake.announced.push(request);
      return {};
    },
    pushConfig: () => ({ push: null, log_id: 'log_1' }),
    lastConnected: () => ({ at: {} }),
  };
  const server = await serveInternal({
    config: { INTERNAL_PORT: 0, HOST: '127.0.0.1', INTERNAL_JWT_SECRET },
    log: silent,
    scope,
    metrics: new Registry(),
    calls,
    handlers,
  });
  server.ready();
  fake.url = `http://127.0.0.1:${server.port}`;
  return fake;
}

export const TEXT = 'the text of the message';
export const TOKEN = 'the-token-of-the-device';

/** What there is to push in a conversation; every call is another state. */
export function pushable(changes: Partial<PushState> = {}): PushState {
  return {
    seq: 2,
    at: new Date().toISOString(),
    pushed_at: null,
    agent_name: 'Echo',
    content: TEXT,
    badge: 1,
    device: device('phone'),
    ...changes,
  };
}

/** The same of a device that is told of it again and again, up to the moment in which that is asked for. */
export function justPushed(): { state: PushState; end(): number } {
  let pushedAt: string | null = null;
  const state = {
    ...pushable(),
    get pushed_at() {
      return pushedAt ?? new Date().toISOString();
    },
    set pushed_at(at) {
      pushedAt = at;
    },
  };
  /** From now on that is over; when it was told last. */
  function end(): number {
    const now = Date.now();
    pushedAt = new Date(now).toISOString();
    return now;
  }
  return { state, end };
}

export function device(device_id: string): Device {
  return {
    device_id,
    platform: 'apns',
    token: `${TOKEN}-${device_id}`,
    registered_at: new Date().toISOString(),
  };
}

export interface SentPush extends Notification {
  device_id: string;
  at: number;
}

/** Takes what is sent, unless `refuse` throws. */
export class FakeProvider implements PushProvider {
  readonly name = 'fake';
  pushesSilently = true;
  serverOf?: (device: Device) => string;
  readonly sent: SentPush[] = [];
  /** All that it was asked to send, also what it refused or still holds. */
  readonly offered: Notification[] = [];
  refuse: (device: Device) => void | Promise<void> = () => undefined;

  async send(notification: Notification, to: Device): Promise<void> {
    this.offered.push(notification);
    await this.refuse(to);
    this.sent.push({ ...notification, device_id: to.device_id, at: Date.now() });
  }

  about(conversationId: string): SentPush[] {
    return this.sent.filter(({ conversation_id }) => conversation_id === conversationId);
  }
}

export interface TestWorker {
  metrics: Registry;
  /** Log lines. */
  lines: string[];
  close(): Promise<void>;
}

/** The service with everything it logs; with the providers of its configuration when none is given. */
export async function startTestWorker(
  env: Record<string, string>,
  provider?: PushProvider,
  platforms: PushPlatform[] = ['apns'],
): Promise<TestWorker> {
  const config = loadConfig(configSchema, {
    INTERNAL_JWT_SECRET,
    HOST: '127.0.0.1',
    INTERNAL_PORT: '0',
    ...env,
  });
  const { log, lines } = capturedLog();
  const scope = new Scope(log);
  const metrics = new Registry();
  const providers = provider && new Map(platforms.map((platform) => [platform, provider]));
  await startPushWorker(config, { log, scope, metrics }, providers);
  return { metrics, lines, close: () => scope.close() };
}

function capturedLog(): { log: Logger; lines: string[] } {
  const stream = new PassThrough();
  const lines: string[] = [];
  stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  return { log: createLogger({ name: 'push-worker', level: 'trace', destination: stream }), lines };
}

/** Adds jobs as the messages service does. */
export function openQueue(redisUrl: string, prefix: string, platform: PushPlatform = 'apns') {
  const names = redisNames(prefix);
  const queue = new Queue(names.pushQueue(platform), {
    prefix: names.queuePrefix,
    connection: { url: redisUrl, maxRetriesPerRequest: null },
  });
  queue.on('error', () => undefined);
  const add = (conversation_id: string, { attempts = 5, device_id = 'phone' } = {}) => {
    const ids = { user_id: 'usr_1', conversation_id, device_id };
    return queue.add('push', ids, {
      attempts,
      backoff: { type: 'fixed', delay: 50 },
      deduplication: { id: pushDeduplicationId(ids), keepLastIfActive: true },
    });
  };
  return { queue, add };
}

export type OpenQueue = ReturnType<typeof openQueue>;

/** Adds batches as the messages service does; each conversation with a device of the same name. */
export function openBatchQueue(redisUrl: string, prefix: string) {
  const names = redisNames(prefix);
  const queue = new Queue(names.pushBatchQueue('apns'), {
    prefix: names.queuePrefix,
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    defaultJobOptions: PUSH_BATCH_OPTIONS,
  });
  queue.on('error', () => undefined);
  const add = (conversations: readonly string[]) =>
    queue.add('batch', {
      pushes: conversations.map((id) => ({
        user_id: 'usr_1',
        conversation_id: id,
        device_id: `phone-${id}`,
      })),
    });
  return { queue, add };
}

/** Holds up whoever awaits `passed`, until `open` is called. */
export function gate(): { passed: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
