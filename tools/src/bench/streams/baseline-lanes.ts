import { inParallel } from '@agent-messenger/testkit';
import { Latencies } from '../latencies';
import { makePair, startBaselineServers } from '../start-baseline';
import type { BenchContext } from '../system';
import { openSocket, tcpOf } from '../open-socket';
import type { StreamsBenchOptions } from './options';
import type { Reader } from './reader';
import type { Lane, StreamsSystem } from './streams-system';
import { TOKEN } from './token-clock';

/** Bare Socket.IO: each token is emitted to the person's room. */
export async function startBaselineStreams(
  { streams, gateways }: StreamsBenchOptions,
  context: BenchContext,
): Promise<StreamsSystem> {
  const servers = await startBaselineServers(gateways, context);
  try {
    const lanes = await inParallel(Array.from({ length: streams }), (_, index) =>
      openLane(servers.urls, index),
    );
    return {
      name: 'baseline',
      lanes: lanes.map(({ lane }) => lane),
      latencies: new Latencies(),
      pids: servers.pids,
      stop: async () => {
        for (const { close } of lanes) close();
        await servers.stop();
      },
    };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

async function openLane(urls: readonly string[], index: number) {
  const { person, agent } = makePair();
  const url = (n: number): string => urls[n % urls.length] ?? '';
  const writing = await openSocket({
    url: url(index),
    namespace: '/agent',
    auth: agent.auth,
  });
  const reading = await openSocket({
    url: url(index + 1),
    namespace: '/client',
    auth: person.auth,
  });
  let reader: Reader | undefined;
  let sent = 0;
  reading.on('token', ({ offset, text }) => reader?.take(offset, text));
  const lane: Lane = {
    open: async (_, next) => {
      reader = next;
      sent = 0;
    },
    advance: (tokens) => {
      for (; sent < tokens; sent += 1) {
        writing.emit('token', { to: person.id, offset: sent * TOKEN.length, text: TOKEN });
      }
    },
    end: async () => undefined,
    pause: () => tcpOf(reading).pause(),
    resume: () => tcpOf(reading).resume(),
  };
  const close = (): void => {
    writing.disconnect();
    reading.disconnect();
  };
  return { lane, close };
}
