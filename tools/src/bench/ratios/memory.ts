import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../link';
import { median } from '../report';
import type { BenchContext } from '../system';
import { makeWorkFolder } from '../work-folder';
import { keptByProcess } from '../kept-memory';
import { connectPeople } from './connect-people';
import { startBareFront, startOurFront, type Front } from './idle';
import type { RatiosBenchOptions } from './options';
import type { RowResult } from './rows';

const PEOPLE = 1_700;
/** Connections before those that count. */
const FIRST = 200;
/**
 * Until what a connection needs in its first moments is garbage: it is done within 5 s with waiting for credentials.
 */
const SETTLE_MS = 6_000;
const AIMS: Record<Transport, number> = { 'socket.io': 1, ws: 1.2 };

/**
 * What the heap of the process that holds the connections keeps after a full collection, with what lies outside of it
 * (buffers), each time of fresh processes. Not what is resident: V8 and malloc keep tens of megabytes more or less from
 * one run to the next, which is ten kibibytes of each of so many connections.
 */
export async function measureMemory(
  { rounds }: RatiosBenchOptions,
  context: BenchContext,
): Promise<RowResult> {
  const ratios = [];
  for (const transport of ['socket.io', 'ws'] as const) {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let n = 0; n < rounds; n += 1) {
      ours.push(await measure(transport, (dir) => startOurFront(PEOPLE, context, dir)));
      bare.push(await measure(transport, (dir) => startBareFront(PEOPLE, transport, context, dir)));
      context.say(`${transport}: ${kibibytes(ours[n] ?? NaN)}, bare ${kibibytes(bare[n] ?? NaN)}`);
    }
    ratios.push({
      what: `memory of an idle connection ÷ bare, ${transport}`,
      ours: kibibytes(median(ours)),
      beside: kibibytes(median(bare)),
      value: median(ours.map((bytes, n) => bytes / (bare[n] ?? NaN))),
      aim: { most: AIMS[transport] },
    });
  }
  return { ratios, faults: [] };
}

async function measure(
  transport: Transport,
  start: (keptIn: string) => Promise<Front>,
): Promise<number> {
  const dir = makeWorkFolder();
  try {
    const front = await start(dir);
    try {
      return await perConnection(front, transport, dir);
    } finally {
      await front.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function perConnection(front: Front, transport: Transport, dir: string): Promise<number> {
  const { people, pid } = front;
  // Code that is compiled for so many connections is no part of any of them.
  for (const link of await connectPeople(front, transport)) link.close();
  await delay(SETTLE_MS);
  const first = await connectPeople({ ...front, people: people.slice(0, FIRST) }, transport);
  const before = await settled(pid, dir);
  const others = await connectPeople({ ...front, people: people.slice(FIRST) }, transport);
  const after = await settled(pid, dir);
  for (const link of [...first, ...others]) link.close();
  return (after - before) / others.length;
}

async function settled(pid: number, dir: string): Promise<number> {
  await delay(SETTLE_MS);
  const { threads } = await keptByProcess(pid, dir);
  return threads.reduce((sum, { heapUsed, external }) => sum + heapUsed + external, 0);
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}
