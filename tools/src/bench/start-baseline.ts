import { LogFile, ServiceProcess, startRedis } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectPairs, type Pair } from './connect-pairs';
import { Latencies } from './latencies';
import type { BenchOptions } from './options';
import type { System } from './system';
import { makeWorkFolder } from './work-folder';

/** Servers that run, to be compared with. */
export interface BaselineServers {
  urls: string[];
  pids: { servers: number[]; redis: number[] };
  stop(): Promise<void>;
}

/** As many plain Socket.IO processes as there are gateways, with the sharded adapter and a Redis of their own. */
export async function startBaselineServers(
  gateways: number,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
  env: Record<string, string> = {},
): Promise<BaselineServers> {
  say(`baseline: starting ${gateways} server(s) …`);
  const dir = makeWorkFolder();
  const closers: (() => unknown)[] = [
    () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }),
  ];
  const stop = async (): Promise<void> => {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  };
  try {
    const redis = await startRedis({ dir });
    closers.push(() => redis.stop());
    const servers: ServiceProcess[] = [];
    for (let n = 1; n <= gateways; n += 1) {
      signal.throwIfAborted();
      const name = `baseline-${n}`;
      const log = new LogFile(join(dir, `${name}.log`));
      closers.push(() => log.close());
      const server = new ServiceProcess({
        name,
        entry: join(__dirname, 'baseline-server.js'),
        env: { REDIS_URL: redis.url, ...env },
        log,
        report: say,
      });
      closers.push(() => server.stop());
      await server.start();
      servers.push(server);
    }
    return {
      urls: servers.map(({ url }) => url),
      pids: { servers: defined(servers.map(({ pid }) => pid)), redis: defined([redis.pid]) },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function defined(pids: (number | undefined)[]): number[] {
  return pids.filter((pid) => pid !== undefined);
}

/** The same with pairs of members that are connected to it. */
export async function startBaseline(
  { pairs: count, gateways }: BenchOptions,
  context: Parameters<typeof startBaselineServers>[1],
): Promise<System> {
  const servers = await startBaselineServers(gateways, context);
  try {
    const latencies = new Latencies();
    const broken = new AbortController();
    const members = await connectPairs(Array.from({ length: count }, makePair), {
      urls: servers.urls,
      // There is no other one to compare with: the baseline is Socket.IO.
      transport: 'socket.io',
      hasLog: false,
      latencies,
      onEnd: (reason) => broken.abort(new Error(`a connection ended: ${reason}`)),
    });
    const stop = async (): Promise<void> => {
      for (const member of members) member.close();
      await servers.stop();
    };
    return { name: 'baseline', members, latencies, broken: broken.signal, stop };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

/** Ids as long as real ones; by their common part the server knows who is in a conversation. */
export function makePair(): Pair {
  const pair = randomUUID();
  const member = (id: string) => ({ id, auth: { identity: id } });
  return {
    conversationId: `cnv_${pair}`,
    person: member(`usr_${pair}`),
    agent: member(`agt_${pair}`),
  };
}
