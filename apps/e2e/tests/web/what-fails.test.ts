/// <reference lib="dom" />
import { rest, waitFor, type Person } from '@agent-messenger/testkit';
import type { BrowserContext } from 'playwright-core';
import { describeInChromium } from '../browser/chromium';
import { ChatWorld, message, say, signOut } from './chat-world';

describeInChromium('what fails in the chat', () => {
  let world: ChatWorld;
  let person: Person;
  let id: string;
  let context: BrowserContext;

  beforeAll(async () => {
    world = await ChatWorld.start();
  }, 120_000);
  beforeEach(async () => {
    person = await world.person();
    id = await world.conversation(person, world.echo);
    context = await world.device();
  });
  afterEach(async () => {
    world.network.heal();
    await world.closeDevices();
    expect(world.complaints.splice(0)).toEqual([]);
  });
  afterAll(() => world.stop(), 60_000);

  it('a message that cannot be rendered takes no other one with it', async () => {
    await context.addInitScript(() => {
      const { replaceChildren } = Element.prototype;
      Element.prototype.replaceChildren = function (...nodes) {
        if (nodes.some((node) => node instanceof Node && node.textContent?.includes('injected'))) {
          throw new Error('injected');
        }
        replaceChildren.apply(this, nodes);
      };
    });
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await say(page, 'before');
    await message(page, 'You said: before').waitFor();
    await say(page, 'injected');
    // The own one, and the answer that repeats it.
    await message(page, 'This message cannot be shown.').nth(1).waitFor();
    await say(page, 'after');
    await message(page, 'You said: after').waitFor();
    await message(page, 'You said: before').waitFor();
    await page.close();
    expect(new Set(world.complaints.splice(0))).toEqual(new Set(['Error: injected']));
  }, 60_000);

  it('who signs out while the page connects is signed out: nothing of them is kept, or valid', async () => {
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await say(page, 'before');
    await message(page, 'You said: before').waitFor();
    const answers: (() => void)[] = [];
    await page.route('**/auth/refresh', async (route) => {
      const answer = await route.fetch();
      await new Promise<void>((resolve) => answers.push(resolve));
      await route.fulfill({ response: answer });
    });
    await page.reload();
    await message(page, 'You said: before').waitFor();
    await waitFor(() => answers.length > 0);
    await page.getByRole('button', { name: 'Settings' }).click();
    await signOut(page);
    const loggedOut = page.waitForRequest(`${world.url}/auth/logout`);
    for (const answer of answers) answer();
    await (await loggedOut).response();
    const body = (await loggedOut).postDataJSON() as { refresh_token: string };
    const refreshed = await rest(world.url, 'POST', '/auth/refresh', { body });
    expect(refreshed.status).toBe(401);
    const kept = JSON.stringify(await context.storageState({ indexedDB: true }));
    expect(kept).toContain('deviceToken');
    for (const part of ['refresh_token', 'before', person.user_id])
      expect(kept).not.toContain(part);
  }, 60_000);
});
