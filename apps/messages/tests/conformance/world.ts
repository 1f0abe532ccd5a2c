import type {
  Changed,
  Message,
  Operation,
  OperationResult,
  Origin,
  PositionMoved,
  PushJob,
  Sent,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Storage } from '../../src/storage/storage';
import type { Consumer, DuePush, LogEntry, Store } from '../../src/store/store';

/** Opens an empty store whose clock is `now`, with these bounds, or none. It is closed by the suite. */
export type OpenStore = (options: { now: () => Date; storage?: Storage }) => Promise<Store>;

/** An operator, for what tests change without caring who asked. */
export const BY: Origin = { actor: { kind: 'admin', id: null }, ip: '192.0.2.1' };
/** A person who asks for itself. */
export function byUser(id: string, ip = '192.0.2.7'): Origin {
  return { actor: { kind: 'user', id }, ip };
}

export interface Talk {
  conversation: string;
  user: string;
  agent: string;
}

/** What a change asks for, besides whose and where. */
export type ChangeOf =
  | { op: 'edit'; content: string }
  | { op: 'delete' }
  | { op: 'react'; emoji: string; set: boolean }
  | { op: 'choose'; action_id: string };

/** A store with a clock that tests move, and short words for what most tests do. */
export interface World {
  store: Store;
  clock: { ms: number };
  user(): Promise<string>;
  agent(name?: string): Promise<string>;
  session(user: string): Promise<string>;
  /** A conversation of a new person with a new agent, or with those given. */
  talk(members?: { user?: string; agent?: string; title?: string }): Promise<Talk>;
  append(operation: object): Promise<OperationResult>;
  send(talk: Talk, from: string, content: string, more?: object): Promise<Message>;
  move(op: 'received' | 'read', talk: Talk, who: string, seq: number): Promise<PositionMoved>;
  /** An edit, deletion or reaction of `who`. */
  change(talk: Talk, who: string, message: string, change: ChangeOf): Promise<Changed>;
  /** Registers the person's `phone`, or another device, from its newest session, or its first; the device's token. */
  device(user: string, device?: string, token?: string): Promise<string>;
}

export async function createWorld(open: OpenStore, storage?: Storage): Promise<World> {
  const clock = { ms: Date.parse('2030-01-01T00:00:00.000Z') };
  const store = await open({ now: () => new Date(clock.ms), ...(storage && { storage }) });
  let count = 0;
  const next = () => (count += 1);
  const newestSession = new Map<string, string>();

  const world: World = {
    store,
    clock,
    async user() {
      const n = next();
      const user = { username: `person-${n}`, password_hash: `hash-${n}`, by: BY };
      return (await store.createUser(user)).user_id;
    },
    async agent(name) {
      const n = next();
      const key = { key_id: `key${n}`, key_hash: `hash-${n}` };
      return (await store.createAgent({ name: name ?? `Agent ${n}`, ...key, by: BY })).id;
    },
    async session(user) {
      const session = {
        user_id: user,
        refresh_digest: `digest-${next()}`,
        expires_at: later(clock.ms, 3_600_000),
        by: byUser(user),
      };
      const { session_id } = await store.createSession(session);
      newestSession.set(user, session_id);
      return session_id;
    },
    async talk(members = {}) {
      const user = members.user ?? (await world.user());
      const agent = members.agent ?? (await world.agent());
      const { conversation } = await store.createConversation({
        user_id: user,
        agent_id: agent,
        title: members.title,
      });
      return { conversation: conversation.id, user, agent };
    },
    async append(operation) {
      const { results } = await store.append({ operations: [operation as Operation] });
      return results[0] as OperationResult;
    },
    async send(talk, from, content, more = {}) {
      const result = await world.append(
        sendOf(talk, from, { content, client_id: `c-${next()}`, ...more }),
      );
      return sentOf(result).message;
    },
    async move(op, talk, who, seq) {
      const conversation_id = talk.conversation;
      const result = await world.append({
        op,
        identity_id: who,
        epoch: null,
        conversation_id,
        seq,
      });
      if (!result.ok || !('moved' in result))
        throw new Error(`not moved: ${JSON.stringify(result)}`);
      return result.moved;
    },
    async change(talk, who, message, change) {
      return changedOf(await world.append(changeOf(talk, who, message, change)));
    },
    async device(user, device = 'phone', token = `token-${next()}`) {
      await store.registerPush({
        user_id: user,
        session_id: newestSession.get(user) ?? (await world.session(user)),
        registration: { device_id: device, platform: 'apns', token },
      });
      return token;
    },
  };
  return world;
}

/** The job of telling a device of a conversation's person about it. */
export function pushOf({ user, conversation }: Talk, device = 'phone'): PushJob {
  return { user_id: user, conversation_id: conversation, device_id: device };
}

export function sendOf(talk: Talk, from: string, more: object): Operation {
  return {
    op: 'send',
    identity_id: from,
    epoch: null,
    conversation_id: talk.conversation,
    client_id: 'c',
    content: 'hello',
    ...more,
  } as Operation;
}

export function sentOf(result: OperationResult): Sent {
  if (!result.ok || !('sent' in result)) throw new Error(`not sent: ${JSON.stringify(result)}`);
  return result.sent;
}

export function changeOf(talk: Talk, who: string, message: string, change: ChangeOf): object {
  return {
    ...change,
    identity_id: who,
    epoch: null,
    conversation_id: talk.conversation,
    message_id: message,
  };
}

export function changedOf(result: OperationResult): Changed {
  if (!result.ok || !('changed' in result)) {
    throw new Error(`not changed: ${JSON.stringify(result)}`);
  }
  return result.changed;
}

export function later(ms: number, by: number): string {
  return new Date(ms + by).toISOString();
}

/** The AppError that a call fails with; anything else fails the test. */
export async function refusal(call: Promise<unknown>): Promise<AppError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

/** Of calls that are under way at the same time. */
export function refusals(calls: Promise<unknown>[]): Promise<AppError[]> {
  return Promise.all(calls.map(refusal));
}

/** Whom an entry is for, a store tells in any order, also of one entry. */
export function inOrder(entries: LogEntry[]): LogEntry[] {
  return entries.map((entry) => ({ ...entry, to: [...entry.to].sort() }));
}

/** What the relay is to pass on next; it is not done with it. */
export async function entriesOf(store: Store, limit = 99): Promise<LogEntry[]> {
  return inOrder((await store.nextEntries(limit))?.items ?? []);
}

/** Who is to be told next of all that was committed; the consumer is not done with it. */
export async function pushesOf(
  store: Store,
  consumer: 'push' | 'unseen' = 'push',
): Promise<DuePush[]> {
  return (await store.nextPushes(consumer, { ageMs: 0, limit: 500 }))?.items ?? [];
}

/** The consumer has dealt with all that was committed. */
export async function catchUp(store: Store, consumer: Consumer): Promise<void> {
  for (;;) {
    const stretch =
      consumer === 'relay'
        ? await store.nextEntries(500)
        : await store.nextPushes(consumer, { ageMs: 0, limit: 500 });
    if (!stretch) return;
    stretch.done();
  }
}

/** All pages of a list, to its end. */
export async function readAll<T>(
  read: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor: string | null }>,
): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const { items, next_cursor } = await read(cursor);
    pages.push(items);
    cursor = next_cursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}
