import type { CDPSession, Page } from 'playwright-core';
import { takeFrames, watchFrames } from './in-page';
import type { Figure } from './report';

const AIM = { least: 50 };

/** What was painted and how busy the page was while something went on. @param name of the figures */
export async function measureFrames(
  { page, tools }: { page: Page; tools: CDPSession },
  name: string,
  goOn: () => Promise<unknown>,
): Promise<Figure[]> {
  await tools.send('Performance.enable', { timeDomain: 'timeTicks' });
  const before = await metricsOf(tools);
  await page.evaluate(watchFrames);
  await goOn();
  const { mean, slowest } = frameRate(await page.evaluate(takeFrames));
  const after = await metricsOf(tools);
  const busy = (after.TaskDuration - before.TaskDuration) / (after.Timestamp - before.Timestamp);
  return [
    { name, value: mean, unit: 'frames/s', aim: AIM },
    { name: `${name}, slowest second`, value: slowest, unit: 'frames/s' },
    { name: `${name}, page busy`, value: busy * 100, unit: '%' },
  ];
}

/** @param frames when each began, ms */
export function frameRate(frames: readonly number[]): { mean: number; slowest: number } {
  const [first = 0] = frames;
  const last = frames.at(-1) ?? 0;
  const mean = ((frames.length - 1) * 1_000) / (last - first);
  const seconds = new Map<number, number>();
  for (const at of frames) {
    const second = Math.floor((at - first) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  const whole = Math.floor((last - first) / 1_000);
  const counts = Array.from({ length: whole }, (_, second) => seconds.get(second) ?? 0);
  return { mean, slowest: Math.min(mean, ...counts) };
}

async function metricsOf(tools: CDPSession): Promise<{ TaskDuration: number; Timestamp: number }> {
  const { metrics } = await tools.send('Performance.getMetrics');
  const of = (name: string) => metrics.find((each) => each.name === name)?.value ?? NaN;
  return { TaskDuration: of('TaskDuration'), Timestamp: of('Timestamp') };
}
