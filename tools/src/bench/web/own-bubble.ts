import { Latencies } from '../latencies';
import { ownBubblePainted, watchOwnBubble } from './in-page';
import type { Figure } from './report';
import type { OpenPage } from './web-world';

/** From the Enter key to the frame that shows what was written. */
export async function measureOwnBubble({ page }: OpenPage, sends: number): Promise<Figure[]> {
  const latencies = new Latencies();
  const field = page.getByLabel('Message', { exact: true });
  for (let n = 1; n <= sends; n += 1) {
    const text = `Own message ${n}`;
    await field.fill(text);
    await page.evaluate(watchOwnBubble, text);
    await page.keyboard.press('Enter');
    latencies.ack(await page.evaluate(ownBubblePainted));
  }
  const { p50, p99 } = latencies.ackMs;
  return [
    { name: 'Enter to own bubble, p50', value: p50, unit: 'ms', aim: { most: 50 } },
    { name: 'Enter to own bubble, p99', value: p99, unit: 'ms', aim: { most: 50 } },
  ];
}
