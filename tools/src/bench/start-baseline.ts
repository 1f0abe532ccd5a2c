import { LogFile, ServiceProcess, startRedis } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectPairs, type Pair } from './connect-pairs';
import { Latencies } from './latencies';
import type { BenchOptions } from './options';
import type { System } from './system';
import { makeWorkFolder } from './work-folder';

/** As many plain Socket.IO processes as there are gateways, with the sharded adapter and a Redis of their own. */
export async function startBaseline(
  { pairs: count, gateways }: BenchOptions,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<System> {
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
    const urls: string[] = [];
    for (let n = 1; n <= gateways; n += 1) {
      signal.throwIfAborted();
      const name = `baseline-${n}`;
      const log = new LogFile(join(dir, `${name}.log`));
      closers.push(() => log.close());
      const server = new ServiceProcess({
        name,
        entry: join(__dirname, 'baseline-server.js'),
        env: { REDIS_URL: redis.url },
        log,
        report: say,
      });
      closers.push(() => server.stop());
      await server.start();
      urls.push(server.url);
    }
    const latencies = new Latencies();
    const broken = new AbortController();
    const members = await connectPairs(Array.from({ length: count }, makePair), {
      urls,
      // There is no other one to compare with: the baseline is Socket.IO.
      transport: 'socket.io',
      hasLog: false,
      latencies,
      onEnd: (reason) => broken.abort(new Error(`a connection ended: ${reason}`)),
    });
    closers.push(() => members.forEach((member) => member.close()));
    return { name: 'baseline', members, latencies, broken: broken.signal, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ids as long as real ones; by their common part the server knows who is in a conversation. */
function makePair(): Pair {
  const pair = randomUUID();
  const member = (id: string) => ({ id, auth: { identity: id } });
  return {
    conversationId: `cnv_${pair}`,
    person: member(`usr_${pair}`),
    agent: member(`agt_${pair}`),
  };
}
