import type {
  CallRequest,
  CallResponse,
  Event,
  Handlers,
  messagesCalls,
  PushJob,
  PushPlatform,
} from '@agent-messenger/contracts';

type MessagesCalls = typeof messagesCalls;
/** Calls about the queue of pushes. */
export type QueueCalls = Pick<Handlers<MessagesCalls>, 'listDeadPushes' | 'replayDeadPushes'>;
/** The store's side of every other internal call: membership, idempotency and fencing are decided here, in one transaction. */
type StoreCalls = {
  [N in Exclude<keyof MessagesCalls, keyof QueueCalls>]: (
    request: CallRequest<MessagesCalls, N>,
  ) => Promise<CallResponse<MessagesCalls, N>>;
};

/** Who reads the log behind the commits, each with a durable offset of its own. */
export type Consumer = 'relay' | 'push';

/** An event on its way to the members that were in the conversation when it was committed. */
export interface LogEntry {
  /** Place in the order of commits, over all conversations; rises, may have gaps. */
  pos: number;
  event: Event;
  to: string[];
}

/** What the push consumer found in a stretch of the log. */
export interface PushPage {
  /** How far the stretch reached: the consumer's next offset. Equal to the old one: nothing is old enough yet. */
  pos: number;
  jobs: DuePush[];
}

export interface DuePush {
  platform: PushPlatform;
  job: PushJob;
}

/**
 * Everything that must survive. Expected refusals are AppErrors; anything else is a fault.
 *
 * Every read and write of a conversation takes the identity that asks and checks its membership, so that no
 * caller can forget to. What an outsider gets is the same `not_found` as for a conversation that does not exist.
 */
export interface Store extends StoreCalls {
  /** Identity of the log: made with the store, changed by a restore from a backup. */
  readonly logId: string;
  /**
   * Carries out all operations in one transaction, in order, and resolves after the commit. A refused operation
   * is an item of the answer; a fault rejects, and then nothing at all was written.
   */
  append(
    request: CallRequest<MessagesCalls, 'append'>,
  ): Promise<CallResponse<MessagesCalls, 'append'>>;

  /** The next entries of the log after `pos`, at most `limit`, and about 1 MiB of content; empty at the head. */
  entriesAfter(pos: number, limit: number): Promise<LogEntry[]>;
  /**
   * Who may need a push for the messages after `pos` that were committed at `before` (RFC 3339) or earlier, looking
   * at `limit` events at most: the devices of people who have not received or read them, and that were not told.
   * Devices of a platform for which the push worker has announced no provider are left out.
   */
  pushesAfter(pos: number, before: string, limit: number): Promise<PushPage>;
  /** Removes devices that have not registered for a year; how many. */
  expirePushTokens(): Promise<number>;
  /** Removes some of the audit entries that are older than `before` (RFC 3339); true while there are more. */
  pruneAudit(before: string): Promise<boolean>;
  /** Where a consumer goes on; 0 in a new store. */
  offset(consumer: Consumer): Promise<number>;
  /**
   * Moves a consumer's offset. Not durable at once (an own commit per page would cost as much as the messages):
   * it travels with the next commit, or alone after half a second. A crash before that repeats a page.
   */
  advance(consumer: Consumer, pos: number): void;
  /**
   * Removes for good a small piece of what was deleted: at once the conversations and traces of erased people and the
   * contents of deleted conversations, after 30 days their last events. True while there is more to remove now; then
   * what was removed is in neither tables nor logs.
   */
  purge(): Promise<boolean>;
  /**
   * Cleans a piece of the files' free space; true until all of it is clean. Then nobody can find what had been removed
   * before the first piece in any of the files.
   */
  scrub(): Promise<boolean>;
  /** Position of the last event. */
  head(): Promise<number>;
  close(): Promise<void>;
}
