import { groupBy, type Entry } from '@agent-messenger/testkit';
import { answered } from './responder';

/** A fault in time, ms since the run began; `recovered` when every pair had an answer to a message sent after `end`. */
export interface FaultWindow {
  begin: number;
  end: number;
  recovered: number;
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
