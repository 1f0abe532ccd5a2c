import { inParallel } from '@agent-messenger/testkit';
import type { Latencies } from './latencies';
import { Member, type MemberOptions } from './member';

export interface Pair {
  conversationId: string;
  person: { id: string; auth: Record<string, string> };
  agent: { id: string; auth: Record<string, string> };
}

interface ConnectOptions {
  /** Of the gateways. */
  urls: readonly string[];
  transport: MemberOptions['transport'];
  hasLog: boolean;
  latencies: Latencies;
  onEnd: MemberOptions['onEnd'];
}

/** Connects the agent of each pair to one gateway and the person to the next. */
export async function connectPairs(
  pairs: readonly Pair[],
  { urls, ...options }: ConnectOptions,
): Promise<Member[]> {
  const url = (index: number): string => urls[index % urls.length] ?? '';
  const members = await inParallel(pairs, async ({ conversationId, person, agent }, index) => {
    const common = { ...options, conversationId };
    const one = await Member.connect({
      ...common,
      ...agent,
      url: url(index),
      namespace: '/agent',
    });
    const other = await Member.connect({
      ...common,
      ...person,
      url: url(index + 1),
      namespace: '/client',
    });
    one.peer = other;
    other.peer = one;
    return [one, other];
  });
  return members.flat();
}
