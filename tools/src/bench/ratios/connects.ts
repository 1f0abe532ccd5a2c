import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../report';
import type { BenchContext } from '../system';
import { connectPeople } from './connect-people';
import { startBareFront, startOurFront, type Front } from './idle';
import type { RatiosBenchOptions } from './options';
import type { RowResult } from './rows';

const PEOPLE = 1_000;
/** Until the connections of a round before are gone for good. */
const PAUSE_MS = 6_000;

/** People who connect with tokens, to one gateway, from nothing to `synced`. */
export async function measureConnects(
  { rounds }: RatiosBenchOptions,
  context: BenchContext,
): Promise<RowResult> {
  const fronts: Front[] = [];
  try {
    const ours = await startOurFront(PEOPLE, context);
    fronts.push(ours);
    const bare = await startBareFront(PEOPLE, 'socket.io', context);
    fronts.push(bare);
    // Once each for the compiler.
    for (const front of fronts) await perSecond(front);
    const rates = { ours: [] as number[], bare: [] as number[] };
    for (let n = 0; n < rounds; n += 1) {
      rates.ours.push(await perSecond(ours));
      rates.bare.push(await perSecond(bare));
    }
    const show = (rate: number): string => Math.round(rate).toLocaleString('en');
    return {
      ratios: [
        {
          what: 'connects/s of a gateway, with tokens ÷ bare',
          ours: show(median(rates.ours)),
          beside: show(median(rates.bare)),
          value: median(rates.ours.map((rate, n) => rate / (rates.bare[n] ?? NaN))),
          aim: { least: 0.8 },
        },
      ],
      faults: [],
    };
  } finally {
    for (const front of fronts.reverse()) await front.stop();
  }
}

async function perSecond(front: Front): Promise<number> {
  const from = performance.now();
  const links = await connectPeople(front, 'socket.io');
  const seconds = (performance.now() - from) / 1_000;
  for (const link of links) link.close();
  await delay(PAUSE_MS);
  return links.length / seconds;
}
