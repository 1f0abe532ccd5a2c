/** What was seen of a run; `at` is ms since its beginning, all by one clock. */
export type Entry = { at: number } & (
  | {
      type: 'send';
      conversation: string;
      identity: string;
      /** What made the send and kept its order: an SDK object, or a bare connection. */
      sender: string;
      client_id: string;
      /** The connection that carried it, when it was sent once and on no other. */
      connection?: string;
    }
  | { type: 'ack'; conversation: string; identity: string; client_id: string; seq: number }
  | { type: 'refused'; conversation: string; identity: string; client_id: string; code: string }
  /** A device that is to have the whole history of a conversation at the end. */
  | { type: 'device'; device: string; identity: string; conversation: string }
  /** An event that the SDK handed to an application; `client_id` is null for what is no message. */
  | {
      type: 'receive';
      conversation: string;
      device: string;
      /** The SDK object. A device has a new one after a take-over. */
      session: string;
      seq: number;
      client_id: string | null;
    }
  /** An agent asks, by a message under this client_id; again after it was started again. */
  | { type: 'ask'; conversation: string; identity: string; session: string; client_id: string }
  /** What `ask` gave the agent: the id of an action. */
  | {
      type: 'answered';
      conversation: string;
      identity: string;
      session: string;
      client_id: string;
      action_id: string | null;
    }
  /** A person chooses; `attempt` is the observer's name of it, `client_id` the question's. */
  | {
      type: 'choose';
      conversation: string;
      identity: string;
      attempt: string;
      client_id: string;
      action_id: string;
    }
  /** The choice was taken: the event that the server answered with. */
  | { type: 'chosen'; conversation: string; identity: string; attempt: string; seq: number }
  | { type: 'unchosen'; conversation: string; identity: string; attempt: string; code: string }
  /** A choice that an application was shown, in an event or in the history. */
  | { type: 'choice'; conversation: string; device: string; client_id: string; action_id: string }
  /** All that an application was shown of an answer that is being written. */
  | { type: 'stream'; conversation: string; session: string; stream_id: string; text: string }
  /** A message that a device read from the history over REST. */
  | { type: 'load'; conversation: string; device: string; seq: number; client_id: string }
  /** `connection` is the observer's name of it, `connection_id` the server's, null when it was not told. */
  | { type: 'connecting'; identity: string; connection: string }
  | { type: 'connected'; identity: string; connection: string; connection_id: string | null }
  | { type: 'replaced'; identity: string; connection: string }
  | { type: 'disconnected'; identity: string; connection: string; reason: string }
  /** The lease of an identity, as it was in Redis. */
  | {
      type: 'lease';
      identity: string;
      gateway: string | null;
      connection_id: string;
      epoch: number;
    }
  /** The log of a conversation at the end. */
  | { type: 'log'; conversation: string; events: LoggedEvent[] }
  /** What a watcher was told last, by event or as the answer to a question. */
  | {
      type: 'presence';
      watcher: string;
      identity: string;
      status: string;
      source: 'event' | 'answer';
    }
  /** The truth at this moment, which has had its time to spread. */
  | { type: 'expect'; identity: string; online: boolean }
  | { type: 'fault'; name: string; phase: 'begin' | 'end'; detail: string }
);

export interface LoggedEvent {
  seq: number;
  /** Of the message; null for other events. */
  client_id: string | null;
  /** Of the message, as it is at the end. */
  content?: string | null;
  /** Of an `action.chosen`: the question's client_id, and what was chosen. */
  choice?: { client_id: string; action_id: string };
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type EntryInput = Without<Entry, 'at'>;
export type EntryOf<T extends Entry['type']> = Extract<Entry, { type: T }>;

/** A rule that a history breaks, and whom it concerns. */
export interface Violation {
  rule: string;
  message: string;
  /** Conversation or identity. */
  about: string;
  at: number;
}

export class Recorder {
  readonly entries: Entry[] = [];
  private readonly begun: number;

  constructor(private readonly clock: () => number = () => performance.now()) {
    this.begun = clock();
  }

  get now(): number {
    return this.clock() - this.begun;
  }

  record(entry: EntryInput): void {
    this.entries.push({ ...entry, at: this.now });
  }
}

export function entriesOf<T extends Entry['type']>(
  history: readonly Entry[],
  type: T,
): EntryOf<T>[] {
  return history.filter((entry): entry is EntryOf<T> => entry.type === type);
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
