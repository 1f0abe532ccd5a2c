import type {
  Actor,
  ClientWishes,
  Event,
  ServerEventName,
  ServerEventPayload,
} from '@agent-messenger/contracts';
import { kindOf } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { createLogger, Scope } from '@agent-messenger/service-kit';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Connection, HIGH_WATER_BYTES } from '../src/connections/connection';
import { bothClocks, later } from '../src/connections/deadline';
import type { CloseManner, LiveConnection } from '../src/connections/live-connection';
import type { BudgetName } from '../src/limits/identity-limits';
import { MemoryLimit } from '../src/limits/memory-limit';
import type { RateLimits } from '../src/limits/rate-limits';
import { RateLimit } from '../src/limits/rate-limit';
import { SharedCounts } from '../src/limits/shared-counts';
import { SocketLimits } from '../src/limits/socket-limits';

export const silent = createLogger({ name: 'test', level: 'silent' });

/** A logger and what it was told, as objects. */
export function loggerOf(level = 'info'): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]);
  return { log: createLogger({ name: 'test', level, destination: { write } }), lines };
}

/** A transport that keeps what it was handed and drains when it is told to. */
export class FakeLive implements LiveConnection {
  readonly ip = '127.0.0.1';
  readonly isOpen = true;
  readonly sent: { name: ServerEventName; payload: unknown }[] = [];
  readonly closes: CloseManner[] = [];
  private buffered = 0;
  private fullAfter = Infinity;
  private waiting: ((drained: boolean) => void)[] = [];

  get events(): Event[] {
    return this.sent.flatMap(({ name, payload }) => (name === 'event' ? [payload as Event] : []));
  }

  send<N extends ServerEventName>(name: N, payload: ServerEventPayload<N>): void {
    this.sent.push({ name, payload });
    this.fullAfter -= 1;
    if (this.fullAfter === 0) this.fill();
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  drained(): Promise<boolean> {
    if (this.buffered === 0) return Promise.resolve(true);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  close(manner: CloseManner): void {
    this.closes.push(manner);
    this.settle(true);
  }

  /** The peer stops reading. */
  fill(bytes = HIGH_WATER_BYTES + 1): void {
    this.buffered = bytes;
  }

  /** It stops reading when it was sent so many more. */
  fillAfter(count: number): void {
    this.fullAfter = count;
  }

  /** The peer has read everything. */
  drain(): void {
    this.buffered = 0;
    this.settle(true);
  }

  /** The peer has read nothing for as long as anybody wants to wait. */
  stall(): void {
    this.settle(false);
  }

  private settle(drained: boolean): void {
    for (const resolve of this.waiting.splice(0)) resolve(drained);
  }
}

export const GREETING: ServerEventPayload<'connected'> = {
  identity: { kind: 'user', id: 'usr_1' },
  connection_id: 'connection',
  log_id: 'log',
  protocol_version: 1,
  server_time: '2026-01-01T00:00:00.000Z',
};

interface ConnectionParts {
  identityId?: string;
  id?: string;
  epoch?: number;
  /** From now on, ms. */
  lastsMs?: number;
  wishes?: ClientWishes;
}

/** Of a connection that has been greeted. */
export function connectionOf(parts: ConnectionParts = {}) {
  const made = ungreeted(parts);
  made.connection.greet(GREETING);
  made.live.sent.length = 0;
  return made;
}

export function ungreeted({
  identityId = 'usr_1',
  id = 'connection',
  epoch = 1,
  lastsMs = Infinity,
  wishes = {},
}: ConnectionParts = {}) {
  const live = new FakeLive();
  const deadline = later(bothClocks(), lastsMs);
  const identity = { id: identityId, kind: kindOf(identityId) } as Actor;
  return {
    live,
    connection: new Connection({
      ...{ id, identity, credentialId: 'credential', epoch, deadline, live, wishes },
    }),
  };
}

/** A message of the log. */
export function eventOf(
  conversationId: string,
  seq: number,
  content = `message ${seq}`,
  senderId = 'agt_1',
): Event {
  const sender = { kind: kindOf(senderId), id: senderId } as Actor;
  const at = new Date(1_700_000_000_000 + seq).toISOString();
  return {
    conversation_id: conversationId,
    seq,
    type: 'message.created',
    actor: sender,
    at,
    message: {
      id: `msg_${conversationId}-${seq}`,
      conversation_id: conversationId,
      seq,
      updated_seq: seq,
      sender,
      client_id: `client-${seq}`,
      content,
      reactions: [],
      created_at: at,
    },
  };
}

/** The last event of a conversation. */
export function deletionOf(id: string, seq: number, members: readonly string[]): Event {
  const at = new Date(1_700_000_000_000 + seq).toISOString();
  return {
    conversation_id: id,
    seq,
    type: 'conversation.deleted',
    actor: { kind: 'user', id: 'usr_1' },
    at,
    conversation: {
      id,
      title: null,
      created_at: at,
      members: members.map((member) => ({
        id: member as Actor['id'],
        kind: kindOf(member),
        name: member,
      })),
    },
  };
}

export function removalOf(conversation_id: string, seq: number, member: string): Event {
  return {
    conversation_id,
    seq,
    type: 'member.removed',
    actor: { kind: 'user', id: 'usr_1' },
    at: new Date().toISOString(),
    member: { id: member as Actor['id'], kind: kindOf(member), name: member },
  };
}

export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...(settle as unknown as Omit<Deferred<T>, 'promise'>) };
}

/** Everything that is due now has run, and what follows from it at once: promises and immediates, not timers. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const UNLIMITED = 1e9;
const WINDOW_S = 60;

/** The limits of sockets, in memory as they are, with these points and none where nothing is given. */
export function socketLimitsOf(
  points: Partial<Record<BudgetName | 'stream_bytes' | 'refusals', number>> = {},
): Pick<RateLimits, 'sockets' | 'refusals'> {
  const away = () => Promise.reject(new Error('there is no Redis here'));
  const { log } = loggerOf();
  const counts = new SharedCounts({
    redis: { consume: away, get: away, getKey: (key: string) => key, delete: away },
    durationMs: WINDOW_S * 1_000,
    log,
    scope: new Scope(log),
  });
  const limit = (name: BudgetName | 'stream_bytes' | 'ip') =>
    new MemoryLimit({
      counts: counts.behind,
      points: name === 'ip' ? UNLIMITED : (points[name] ?? UNLIMITED),
      keyOf: (subject) => `${name} ${subject}`,
      onExceeded: () => undefined,
    });
  const refusals = new RateLimit({
    limiter: new RateLimiterMemory({ duration: WINDOW_S, points: UNLIMITED }),
    points: points.refusals ?? UNLIMITED,
    keyOf: (subject) => subject,
    onExceeded: () => undefined,
  });
  const sockets = new SocketLimits(
    {
      sends: limit('sends'),
      reads: limit('reads'),
      receipts: limit('receipts'),
      signals: limit('signals'),
      stream_appends: limit('stream_appends'),
      stream_bytes: limit('stream_bytes'),
    },
    { user: limit('ip'), agent: limit('ip') },
    { factorOf: () => 1, answerBytes: 16_384 },
  );
  return { sockets, refusals };
}
