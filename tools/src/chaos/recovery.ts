import { entriesOf, groupBy, type Entry } from '@agent-messenger/testkit';
import { answered } from './agents/answers';

/** A fault in time, ms since the run began; `recovered` when every pair had an answer to a message sent after `end`. */
export interface FaultWindow {
  begin: number;
  end: number;
  recovered: number;
}

/** When a fault was, and whom it could reach. */
interface Reach {
  window: FaultWindow;
  pairs: readonly { conversation: string }[];
}

export interface Recovery {
  /** Whether people noticed: the connection was lost, or an answer took more than a second. */
  hit: boolean;
  /** The longest that a message waited for its answer, counted from the fault. */
  ms: number;
}

/** Longer than a round trip on a busy machine, shorter than any repair. */
const NOTICED_MS = 1_000;

interface RoundTrip {
  conversation: string;
  sentAt: number;
  answeredAt: number;
}

/** From the person's send to the arrival of the agent's answer at one of the person's devices. */
export function roundTrips(history: readonly Entry[], agents: ReadonlySet<string>): RoundTrip[] {
  const sent = new Map<string, number>();
  const trips: RoundTrip[] = [];
  for (const entry of history) {
    if (entry.type === 'send') sent.set(`${entry.conversation} ${entry.client_id}`, entry.at);
    if (entry.type !== 'receive' && entry.type !== 'load') continue;
    if (entry.client_id === null || agents.has(entry.device)) continue;
    const question = answered(entry.client_id);
    const key = `${entry.conversation} ${question}`;
    const sentAt = sent.get(key);
    if (sentAt === undefined) continue;
    // Only the first arrival counts.
    sent.delete(key);
    trips.push({ conversation: entry.conversation, sentAt, answeredAt: entry.at });
  }
  return trips;
}

interface Acknowledgement {
  conversation: string;
  sentAt: number;
  ackedAt: number;
}

/**
 * From each send to its ack; counted from the ack before it where the SDK kept it back until then, as it does in a
 * conversation. Of streams that would be the time in which they were written.
 */
export function acknowledgements(history: readonly Entry[]): Acknowledgement[] {
  const streamed = new Set(entriesOf(history, 'stream').map(({ stream_id }) => stream_id));
  const sent = new Map<string, number>();
  const acked = new Map<string, number>();
  return history.flatMap((entry) => {
    if (entry.type !== 'send' && entry.type !== 'ack') return [];
    const sender = `${entry.identity} ${entry.conversation}`;
    const key = `${sender} ${entry.client_id}`;
    if (entry.type === 'send') {
      sent.set(key, entry.at);
      return [];
    }
    const before = acked.get(sender) ?? 0;
    acked.set(sender, entry.at);
    const sentAt = sent.get(key);
    sent.delete(key);
    if (sentAt === undefined || streamed.has(entry.client_id)) return [];
    const { conversation, at: ackedAt } = entry;
    return [{ conversation, sentAt: Math.max(sentAt, before), ackedAt }];
  });
}

/**
 * The longest that a send waited for its ack, counted from the fault, of those that it could reach, under way or sent
 * during it; null: none.
 */
export function longestSend(
  acks: readonly Acknowledgement[],
  { window: { begin, recovered }, pairs }: Reach,
): number | null {
  const reached = new Set(pairs.map(({ conversation }) => conversation));
  const waits = acks
    .filter(({ conversation }) => reached.has(conversation))
    .filter(({ sentAt, ackedAt }) => sentAt <= recovered && ackedAt >= begin)
    .map(({ sentAt, ackedAt }) => ackedAt - Math.max(sentAt, begin));
  return waits.length === 0 ? null : Math.round(Math.max(...waits));
}

/** What a fault did to each of the conversations. */
export function recoveries(
  history: readonly Entry[],
  trips: readonly RoundTrip[],
  window: FaultWindow,
  pairs: readonly { conversation: string; members: readonly string[] }[],
): Recovery[] {
  const { begin, recovered } = window;
  const concerned = trips.filter(
    ({ sentAt, answeredAt }) => sentAt <= recovered && answeredAt >= begin,
  );
  const byConversation = groupBy(concerned, ({ conversation }) => conversation);
  const disconnected = new Set(
    history.flatMap((entry) =>
      (entry.type === 'disconnected' || entry.type === 'replaced') &&
      entry.at >= begin &&
      entry.at <= recovered
        ? [entry.identity]
        : [],
    ),
  );
  return pairs.map(({ conversation, members }) => {
    const waits = byConversation
      .get(conversation)
      ?.map(({ sentAt, answeredAt }) => answeredAt - Math.max(sentAt, begin));
    const ms = Math.round(Math.max(0, ...(waits ?? [])));
    return { ms, hit: ms > NOTICED_MS || members.some((member) => disconnected.has(member)) };
  });
}
