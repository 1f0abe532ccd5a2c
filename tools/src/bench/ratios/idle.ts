import { LIFTED_LIMITS, LIFTED_QUOTAS } from '@agent-messenger/testkit';
import type { Transport } from '../link';
import { makePair, startBaselineServers } from '../start-baseline';
import type { BenchContext } from '../system';
import { lookingAtMemory, startTarget } from '../target';
import { makePairs } from './people';

/** One server to connect to, and who may. */
export interface Front {
  url: string;
  pid: number;
  people: { id: string; auth: Record<string, string> }[];
  stop(): Promise<void>;
}

/** @param keptIn where its memory is written down, if that is to be looked at */
export async function startOurFront(
  people: number,
  context: BenchContext,
  keptIn?: string,
): Promise<Front> {
  const options = { gateways: 1, ...(keptIn !== undefined && { keptIn }) };
  const target = await startTarget(options, context, {
    gateway: {
      ...LIFTED_LIMITS,
      CONNECTS_PER_SECOND: '100000',
      MAX_CONNECTIONS: '100000',
    },
    messages: LIFTED_QUOTAS,
  });
  try {
    const pairs = await makePairs(target.stack, people);
    return {
      url: target.urls[0] ?? '',
      pid: target.stack.pids()['gateway-1'] ?? NaN,
      people: pairs.map(({ person }) => person),
      stop: target.stop,
    };
  } catch (error) {
    await target.stop();
    throw error;
  }
}

export async function startBareFront(
  people: number,
  transport: Transport,
  context: BenchContext,
  keptIn?: string,
): Promise<Front> {
  const servers = await startBaselineServers(1, context, {
    TRANSPORT: transport,
    ...(keptIn !== undefined && lookingAtMemory(keptIn)),
  });
  return {
    url: servers.urls[0] ?? '',
    pid: servers.pids.servers[0] ?? NaN,
    people: Array.from({ length: people }, () => makePair().person),
    stop: servers.stop,
  };
}
