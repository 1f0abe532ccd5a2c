import type { Ack, StreamPiece } from '@agent-messenger/contracts';
import { inParallel } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import type { Pair } from '../connect-pairs';
import { Latencies } from '../latencies';
import { createPairs } from '../start-ours';
import type { BenchContext } from '../system';
import { startTarget } from '../target';
import { openSocket, tcpOf } from '../open-socket';
import type { StreamsBenchOptions } from './options';
import type { Reader } from './reader';
import type { Lane, StreamsSystem } from './streams-system';
import { TOKEN } from './token-clock';

/** As the SDKs do: at most 20 appends a second of a stream. */
const APPEND_EVERY_MS = 50;

export interface OurStreams extends StreamsSystem {
  target: Awaited<ReturnType<typeof startTarget>>;
}

/** Streams through a whole stack of our own. */
export async function startOurStreams(
  { streams, ...options }: StreamsBenchOptions,
  context: BenchContext,
): Promise<OurStreams> {
  const target = await startTarget(options, context);
  try {
    const pairs = await createPairs(target, streams, context);
    const lanes = await inParallel(pairs, (pair, index) => openLane(target.urls, pair, index));
    const pidsOf = (kind: RegExp): number[] =>
      Object.entries(target.stack.pids()).flatMap(([name, pid]) => (kind.test(name) ? [pid] : []));
    return {
      name: 'ours',
      target,
      lanes: lanes.map(({ lane }) => lane),
      latencies: new Latencies(),
      pids: { servers: pidsOf(/^gateway-/), redis: pidsOf(/^redis$/) },
      stop: async () => {
        for (const { close } of lanes) close();
        await target.stop();
      },
    };
  } catch (error) {
    await target.stop();
    throw error;
  }
}

async function openLane(urls: readonly string[], pair: Pair, index: number) {
  const url = (n: number): string => urls[n % urls.length] ?? '';
  const writing = await openSocket({
    url: url(index),
    namespace: '/agent',
    auth: pair.agent.auth,
  });
  const reading = await openSocket({
    url: url(index + 1),
    namespace: '/client',
    auth: pair.person.auth,
  });
  const of = { conversation_id: pair.conversationId as `cnv_${string}`, stream_id: '' };
  let reader: Reader | undefined;
  let sent = 0;
  let due = 0;
  let timer: NodeJS.Timeout | undefined;

  reading.on('stream', (piece: StreamPiece) => {
    if (piece.stream_id !== of.stream_id || piece.kind === 'end') return;
    reader?.take(piece.offset, piece.text, piece.kind === 'start');
  });
  function append(): void {
    if (sent === due) return void (timer = undefined);
    const text = TOKEN.repeat(due - sent);
    writing.emit('stream:append', { ...of, offset: sent * TOKEN.length, text });
    sent = due;
    timer = setTimeout(append, APPEND_EVERY_MS);
  }
  const lane: Lane = {
    open: async (_, next) => {
      [of.stream_id, reader, sent, due] = [randomUUID(), next, 0, 0];
      accepted(await writing.emitWithAck('stream:start', of));
    },
    advance: (tokens) => {
      due = Math.max(due, tokens);
      if (!timer) append();
    },
    end: async () => {
      clearTimeout(timer);
      append();
      clearTimeout(timer);
      timer = undefined;
      const offset = due * TOKEN.length;
      const { message } = accepted<'stream:end'>(
        await writing.emitWithAck('stream:end', { ...of, offset }),
      );
      if (message.content !== TOKEN.repeat(due))
        throw new Error('a message is not what was written');
    },
    pause: () => tcpOf(reading).pause(),
    resume: () => tcpOf(reading).resume(),
  };
  const close = (): void => {
    clearTimeout(timer);
    writing.disconnect();
    reading.disconnect();
  };
  return { lane, close };
}

function accepted<E extends 'stream:start' | 'stream:end'>(
  ack: Ack<E>,
): Extract<Ack<E>, { ok: true }> {
  if (!ack.ok) throw new Error(`refused: ${ack.error.code}: ${ack.error.message}`);
  return ack as Extract<Ack<E>, { ok: true }>;
}
