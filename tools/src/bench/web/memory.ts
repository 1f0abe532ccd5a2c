import { twoFrames } from './in-page';
import type { Figure } from './report';
import type { OpenPage } from './web-world';

/** As many as a page keeps in memory, and more. */
const WARM_UP = 1_500;
/** What of a second hour would be left of it. */
const MOST_MB = 2;
const MOST_NODES = 200;
/** Of one measurement; two or three are enough. */
const MOST_COLLECTIONS = 20;
/** Less than that comes and goes in a page that does nothing. */
const STEADY_MB = 0.05;

/** What is left of an hour's worth of messages that came to the open conversation, one after the other. */
export async function measureMemory(
  opened: OpenPage,
  { hour, write }: { hour: number; write: (count: number, of: string) => Promise<void> },
): Promise<Figure[]> {
  const after = async (count: number, of: string) => {
    await write(count, of);
    await opened.page.getByText(`${of} ${count} `).first().waitFor({ timeout: 120_000 });
    return memoryOf(opened);
  };
  const before = await after(WARM_UP, 'Earlier');
  const now = await after(hour, 'Hour');
  return [
    { name: 'heap before an hour of messages', value: before.mb, unit: 'MB' },
    {
      name: `heap that ${hour.toLocaleString('en')} messages add`,
      value: now.mb - before.mb,
      unit: 'MB',
      aim: { most: MOST_MB, isFirm: true },
    },
    {
      name: 'nodes that they add',
      value: now.nodes - before.nodes,
      unit: 'nodes',
      aim: { most: MOST_NODES, isFirm: true },
    },
  ];
}

/** What is alive, without what only waits to be collected. */
async function memoryOf(opened: OpenPage): Promise<{ mb: number; nodes: number }> {
  let now = await collected(opened);
  for (let n = 0; n < MOST_COLLECTIONS; n += 1) {
    const before = now;
    now = await collected(opened);
    if (now.nodes >= before.nodes && now.mb >= before.mb - STEADY_MB) break;
  }
  return now;
}

/**
 * Documents that were parsed and dropped are let go by tasks of the page: collections in a row would find them all
 * again.
 */
async function collected({ page, tools }: OpenPage): Promise<{ mb: number; nodes: number }> {
  await tools.send('HeapProfiler.collectGarbage');
  await page.evaluate(twoFrames);
  const { usedSize } = await tools.send('Runtime.getHeapUsage');
  const { nodes } = await tools.send('Memory.getDOMCounters');
  return { mb: usedSize / 1_000_000, nodes };
}
