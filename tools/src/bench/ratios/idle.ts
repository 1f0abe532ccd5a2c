import { LIFTED_LIMITS, LIFTED_QUOTAS } from '@agent-messenger/testkit';
import { join } from 'node:path';
import type { Transport } from '../link';
import { makePair, startBaselineServers } from '../start-baseline';
import type { BenchSurroundings } from '../system';
import { startTarget } from '../target';
import { makePairs } from './people';

/** One server to connect to, and who may. */
export interface Front {
  url: string;
  pid: number;
  people: { id: string; auth: Record<string, string> }[];
  stop(): Promise<void>;
}

/** Loaded into a server: collects its garbage when it is asked to. */
const COLLECTING = { NODE_OPTIONS: `--require=${join(__dirname, 'collect-garbage.js')}` };

export async function startOurFront(people: number, around: BenchSurroundings): Promise<Front> {
  const target = await startTarget({ gateways: 1 }, around, {
    gateway: {
      ...LIFTED_LIMITS,
      ...COLLECTING,
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
  around: BenchSurroundings,
): Promise<Front> {
  const servers = await startBaselineServers(1, around, { TRANSPORT: transport, ...COLLECTING });
  return {
    url: servers.urls[0] ?? '',
    pid: servers.pids.servers[0] ?? NaN,
    people: Array.from({ length: people }, () => makePair().person),
    stop: servers.stop,
  };
}
