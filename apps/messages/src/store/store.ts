import type {
  CallRequest,
  CallResponse,
  Event,
  Handlers,
  messagesCalls,
  Operation,
  OperationResult,
  PushJob,
  PushPlatform,
} from '@agent-messenger/contracts';

import type { JsonAnswer } from '@agent-messenger/service-kit';
import type { ReadCall, ReadRequest, ReadResponse } from './readers/read-calls';

type MessagesCalls = typeof messagesCalls;
/** Calls about the queue of pushes. */
export type QueueCalls = Pick<Handlers<MessagesCalls>, 'listDeadPushes' | 'replayDeadPushes'>;
/**
 * The store's side of every other internal call: membership, idempotency and fencing are decided here, in one
 * transaction.
 */
type StoreCalls = {
  [
    N in Exclude<keyof MessagesCalls, keyof QueueCalls | 'append' | 'storageState' | 'pushQueues'>
  ]: (request: CallRequest<MessagesCalls, N>) => Promise<CallResponse<MessagesCalls, N>>;
};

/** Who reads the log behind the commits. Each gets to every event at least once. */
export type Consumer = 'relay' | 'push' | 'unseen';

/**
 * What a consumer is given of the log at a time. Until it is done, the same is given again, to this handle or to one
 * that takes over: there is no order of all commits that a consumer could count by.
 */
export interface Stretch<T> {
  /** May be none: there was something in the log, and nothing of it for this consumer. */
  items: T[];
  /**
   * The consumer has dealt with it. Not durable at once (an own commit would cost as much as the messages): it travels
   * with the next commit, or alone after half a second. A crash before that repeats it.
   */
  done(): void;
}

/** How far a consumer is behind the commits. */
export interface Lag {
  /** Committed and not dealt with. */
  events: number;
  /** Age of the oldest of them; 0 when there is none. */
  seconds: number;
}

/** An event on its way to the members that were in the conversation when it was committed. */
export interface LogEntry {
  event: Event;
  to: string[];
}

/** Work that a store needs for itself beside the traffic, in small steps. */
export interface Chore {
  name: string;
  /** Between two rounds, milliseconds. */
  everyMs: number;
  /** Between two steps of a round, milliseconds: a step may hold up others for some of them. */
  pauseMs: number;
  /** True while the round has more to do. */
  step(): Promise<boolean>;
}

export interface DuePush {
  platform: PushPlatform;
  job: PushJob;
}

/** A device whose conversations wait in the store. */
export interface WaitingDevice {
  user_id: string;
  device_id: string;
  platform: PushPlatform;
  /** The conversation whose job finds out whether the device can be reached; null: it can, as far as is known. */
  probe: string | null;
  /** Changes whenever another conversation begins to wait. */
  backlog: number;
}

type DeviceOf = Pick<PushJob, 'user_id' | 'device_id'>;

/**
 * A handle on everything that must survive. A store may allow several handles on one database at once, in any number of
 * processes, each of which may die at any moment: purge, pruning and expiry are then carried out for all by whichever
 * handle is asked, and find nothing to do where another one is at it.
 *
 * Expected refusals are AppErrors; anything else is a fault. A fault that passes (a full disk, an I/O error, a lock
 * that somebody else holds) is `unavailable` with a hint: the same call may succeed then.
 *
 * Every read and write of a conversation takes the identity that asks and checks its membership, so that no
 * caller can forget to. What an outsider gets is the same `not_found` as for a conversation that does not exist.
 */
export interface Store extends StoreCalls {
  /**
   * One session more than a person may have ends the one that is unused for longest: never this one, and
   * `connected_session_id`, which holds the person's connection, only when there is no other.
   */
  createSession(
    request: CallRequest<MessagesCalls, 'createSession'> & {
      connected_session_id?: string | null;
    },
  ): Promise<CallResponse<MessagesCalls, 'createSession'>>;
  /** With the name that it had: what is left of it elsewhere goes by that. */
  eraseUser(
    request: CallRequest<MessagesCalls, 'eraseUser'>,
  ): Promise<CallResponse<MessagesCalls, 'eraseUser'> & { username: string }>;
  /** Identity of the log: made with the store, changed by a restore from a backup. */
  readonly logId: string;
  /**
   * Carries out all operations in one transaction, in order, and resolves after the commit. A refused operation
   * is an item of the answer; a fault rejects, and then nothing at all was written.
   */
  append(request: { operations: Operation[] }): Promise<{ results: OperationResult[] }>;

  /**
   * What the call of this name answers, as JSON: pages are built on threads, and not again on the event loop. Sees
   * everything that was committed before. Besides what the call refuses: `rate_limited` when too many reads of the
   * identity wait, `unavailable` when too many wait at all; both with a hint.
   */
  readJson<N extends ReadCall>(
    call: N,
    request: ReadRequest<N>,
  ): Promise<JsonAnswer<ReadResponse<N>>>;

  /**
   * What the relay is to pass on next, at most `limit`, and 1 MiB as JSON unless a single one is larger; undefined when
   * there is nothing. Those of a conversation come in the order of its log. Reactions come without their message.
   */
  nextEntries(limit: number): Promise<Stretch<LogEntry> | undefined>;
  /**
   * Who may need a push for what was committed at least `ageMs` ago, looking at `limit` events at most; undefined when
   * nothing is that old. `push`: the devices of people who have not received or read it, and that were not told;
   * `unseen`: of those who have received, but neither read it nor had it before their eyes. Devices of a platform for
   * which the push worker has announced no provider are left out, and those that cannot be reached for now: what is for
   * them waits.
   */
  nextPushes(
    consumer: 'push' | 'unseen',
    of: { ageMs: number; limit: number },
  ): Promise<Stretch<DuePush> | undefined>;
  lagOf(consumer: Consumer): Promise<Lag>;
  /**
   * Notifications that are shown although what they say was read, edited or deleted, or is of a conversation that was
   * muted or deleted, until a job is at it.
   */
  stalePushes(limit: number): Promise<DuePush[]>;
  correctionsQueued(jobs: PushJob[]): Promise<void>;
  /** Lets conversations wait that the queue has no room for. */
  parkPushes(targets: DeviceOf[]): Promise<void>;
  /** Devices whose conversations wait, by person and device; `released`: only those that can be reached. */
  waitingDevices(page: {
    after?: DeviceOf | undefined;
    released: boolean;
    limit: number;
  }): Promise<WaitingDevice[]>;
  waitingDeviceCount(): Promise<number>;
  /** The conversations, or whether this one, that a device is still to be told about, by id. */
  waitingPushes(
    device: DeviceOf,
    page: {
      after?: string | undefined;
      conversation_id?: string | undefined;
      limit: number;
    },
  ): Promise<DuePush[]>;
  /** Nothing of the device waits any more, unless something began to since `backlog` was read. */
  endWaiting(device: DeviceOf & { backlog: number }): Promise<void>;
  /** Removes devices that have not registered for a year; how many. */
  expirePushTokens(): Promise<number>;
  /** Removes some of the audit entries that are older than `before` (RFC 3339); true while there are more. */
  pruneAudit(before: string): Promise<boolean>;
  /**
   * Removes for good a small piece of what was deleted: at once the conversations and traces of erased people and the
   * contents of deleted conversations, after 30 days their last events. True while there is more to remove now; then
   * what was removed is in neither tables nor logs.
   */
  purge(): Promise<boolean>;
  readonly chores: readonly Chore[];
  /** When the last event was committed, RFC 3339; null in an empty log. */
  lastEventAt(): Promise<string | null>;
  /** Rejects when the store cannot commit: reading may work on a full disk. */
  checkCommits(): Promise<void>;
  close(): Promise<void>;
}
