import type { Person } from '@agent-messenger/testkit';
import { listed } from './in-page';
import type { Figure } from './report';
import { measureScroll } from './scroll-frames';
import type { OpenPage, WebWorld } from './web-world';

/** No row is lower. */
const ROW_PX = 60;

/** The first visit of a device: what none has received is still to be written to it. */
export async function measureBacklog(
  world: WebWorld,
  person: Person,
  count: number,
): Promise<Figure[]> {
  const opened = await world.openPage();
  try {
    const name = `to the list with ${count.toLocaleString('en')} messages to receive`;
    return [{ name, value: await timeToList(opened, world, person, 1), unit: 'ms' }];
  } finally {
    await opened.close();
  }
}

/** A visit of a person with very many conversations, whose list is scrolled. */
export async function measureManyConversations(
  world: WebWorld,
  person: Person,
  { count, seconds }: { count: number; seconds: number },
): Promise<Figure[]> {
  const opened = await world.openPage();
  try {
    const openMs = await timeToList(opened, world, person, count);
    const list = `${count.toLocaleString('en')} conversations`;
    const scroll = { seconds, at: { x: 150, y: 400 }, towards: 'bottom' as const };
    return [
      { name: `to the list of ${list}`, value: openMs, unit: 'ms' },
      ...(await measureScroll(opened, `scrolling ${list}`, scroll)),
    ];
  } finally {
    await opened.close();
  }
}

/** ms from the beginning of the visit */
async function timeToList(
  { page }: OpenPage,
  world: WebWorld,
  person: Person,
  count: number,
): Promise<number> {
  await page.goto(await world.signInLink(person), { waitUntil: 'commit' });
  return page.evaluate(listed, { leastPx: count * ROW_PX });
}
