import { measureFrames } from './frame-rate';
import { firstNumberInView } from './in-page';
import type { Figure } from './report';
import type { OpenPage } from './web-world';

/** About as fast as a hand turns a wheel. */
const PX_PER_SECOND = 4_000;

interface ScrollOptions {
  seconds: number;
  /** Of what is scrolled, in the page. */
  at: { x: number; y: number };
  towards: 'top' | 'bottom';
}

/** Frames while a list is scrolled as by a wheel. */
export function measureScroll(
  opened: OpenPage,
  name: string,
  { seconds, at, towards }: ScrollOptions,
): Promise<Figure[]> {
  const yDistance = seconds * PX_PER_SECOND * (towards === 'top' ? 1 : -1);
  return measureFrames(opened, name, () =>
    opened.tools.send('Input.synthesizeScrollGesture', {
      ...at,
      yDistance,
      speed: PX_PER_SECOND,
      gestureSourceType: 'mouse',
    }),
  );
}

/** Up through a conversation whose messages have their numbers in their texts, as its pages come. */
export async function measureHistory(
  opened: OpenPage,
  { seconds, count }: { seconds: number; count: number },
): Promise<Figure[]> {
  await opened.page.getByText(`Message ${count} `).first().waitFor();
  const name = `scrolling ${count.toLocaleString('en')} messages`;
  const at = { x: 800, y: 400 };
  const figures = await measureScroll(opened, name, { seconds, at, towards: 'top' });
  const passed = count - (await opened.page.evaluate(firstNumberInView));
  return [...figures, { name: `${name}, passed`, value: passed, unit: 'messages' }];
}
