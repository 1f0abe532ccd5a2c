import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../link';
import { median } from '../report';
import type { BenchSurroundings } from '../system';
import { connectPeople } from './connect-people';
import { startBareFront, startOurFront, type Front } from './idle';
import type { RatiosBenchOptions } from './options';
import type { RowResult } from './rows';
import { residentBytes } from './usage';

const PEOPLE = 2_000;
/** Connections before those that count: what a process needs for its first ones is not theirs. */
const FIRST = 200;
/** Until what a connection needs in its first moments is garbage, and until a collection is over. */
const SETTLE_MS = 3_000;
const COLLECT_MS = 700;
const AIMS: Record<Transport, number> = { 'socket.io': 1, ws: 1.2 };

/** Resident memory of the process that holds the connections, each time of fresh processes. */
export async function measureMemory(
  { rounds }: RatiosBenchOptions,
  around: BenchSurroundings,
): Promise<RowResult> {
  const ratios = [];
  for (const transport of ['socket.io', 'ws'] as const) {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let n = 0; n < rounds; n += 1) {
      ours.push(await measure(await startOurFront(PEOPLE, around), transport));
      bare.push(await measure(await startBareFront(PEOPLE, transport, around), transport));
      around.say(`${transport}: ${kibibytes(ours[n] ?? NaN)}, bare ${kibibytes(bare[n] ?? NaN)}`);
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

async function measure(front: Front, transport: Transport): Promise<number> {
  const { people, pid } = front;
  try {
    const first = await connectPeople({ ...front, people: people.slice(0, FIRST) }, transport);
    const before = await settled(pid);
    const others = await connectPeople({ ...front, people: people.slice(FIRST) }, transport);
    const after = await settled(pid);
    for (const link of [...first, ...others]) link.close();
    return (after - before) / others.length;
  } finally {
    await front.stop();
  }
}

async function settled(pid: number): Promise<number> {
  await delay(SETTLE_MS);
  for (let n = 0; n < 2; n += 1) {
    process.kill(pid, 'SIGUSR2');
    await delay(COLLECT_MS);
  }
  return residentBytes(pid);
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}
