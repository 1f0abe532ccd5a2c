/// <reference lib="dom" />
import { rest, waitFor, type Person } from '@agent-messenger/testkit';
import type { BrowserContext } from 'playwright-core';
import { describeInChromium } from '../browser/chromium';
import { ChatWorld, isKept, message, say, signOut } from './chat-world';

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
    // What is seen is written down a moment later.
    await waitFor(() => isKept(page, 'You said: before'), { describe: 'the kept messages' });
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

  it('an edit that could not be made is in the field again, and is made later', async () => {
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await say(page, 'frist');
    await message(page, 'You said: frist').waitFor();
    world.network.cut();
    await page.getByText('Connection lost').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.getByText('Editing your message').waitFor();
    await say(page, 'first');
    await page.getByText('The server cannot be reached.').waitFor();
    await page.getByText('Editing your message').waitFor();
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('first');
    world.network.heal();
    await page.getByText('Connection lost').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await message(page, 'edited').waitFor();
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('');
  }, 60_000);

  it('an edit that is refused when another conversation is open is a draft of its own, and says why there', async () => {
    const { agent } = await world.agent('Ada');
    const other = await world.conversation(person, agent);
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await say(page, 'frist');
    await message(page, 'You said: frist').waitFor();
    world.network.halfOpen();
    await page.keyboard.press('ArrowUp');
    await page.getByText('Editing your message').waitFor();
    await say(page, 'first');
    await page.getByText('Editing your message').waitFor({ state: 'detached' });
    await page.goto(`${world.url}/#${other}`);
    await page.getByRole('heading', { name: 'Ada' }).waitFor();
    // It was deleted on another device meanwhile.
    const { url } = world.stack.gateways[1]!;
    const bearer = person.access_token;
    const path = `/conversations/${id}/messages`;
    const { body } = await rest(url, 'GET', path, { bearer });
    const { messages } = body as { messages: { id: string; content: string }[] };
    const edited = messages.find(({ content }) => content === 'frist');
    await rest(url, 'DELETE', `${path}/${edited?.id}`, { bearer });
    world.network.heal();
    await page.getByRole('link', { name: 'Echo' }).getByText('first').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.goto(`${world.url}/#${id}`);
    const field = page.getByLabel('Message', { exact: true });
    expect(await field.inputValue()).toBe('first');
    await field.press('!');
    expect(await field.inputValue()).toBe('first!');
    await page.getByRole('alert').waitFor();
  }, 60_000);

  it('an Enter that confirms what is composed sends nothing and opens nothing', async () => {
    const page = await world.signedIn(context, person);
    await page.getByRole('link', { name: 'Echo' }).waitFor();
    const filter = page.getByRole('searchbox', { name: 'Filter' });
    const field = page.getByLabel('Message', { exact: true });
    // As Safari tells of it.
    const confirm = { key: 'Enter', keyCode: 229 };
    await filter.dispatchEvent('keydown', confirm);
    await filter.focus();
    expect(await field.count()).toBe(0);
    await page.keyboard.press('Enter');
    await field.fill('nihongo');
    await field.dispatchEvent('keydown', confirm);
    expect(await field.inputValue()).toBe('nihongo');
    await page.keyboard.press('Enter');
    await message(page, 'You said: nihongo').waitFor();
  }, 60_000);

  it('a page of which a part is not there says so, and is reloaded', async () => {
    const page = await context.newPage();
    const part = '**/assets/signed-in-*.js';
    await context.route(part, (route) => route.fulfill({ status: 404 }));
    await page.goto(await world.loginLink(person));
    await page.getByText('This page could not be loaded').waitFor();
    expect(await world.faults(page)).toEqual([]);
    await context.unroute(part);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('navigation').waitFor();
  }, 60_000);

  it('a page that may keep nothing says so, and a link that was cut off is no good', async () => {
    const page = await context.newPage();
    await page.goto(`${world.url}/#link=%`);
    await page.getByText('This link was used already').waitFor();
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('injected', 'SecurityError');
      };
    });
    await page.reload();
    await page.getByText('This page could not be loaded').waitFor();
    await page.close();
    expect(world.complaints.splice(0)).toEqual([expect.stringContaining('injected')]);
  }, 60_000);

  it('a page whose store does not answer says so, and begins when it does', async () => {
    const holder = await context.newPage();
    await holder.goto(`${world.url}/health`);
    // A deletion that waits for a page holds up whoever opens the store after it.
    await holder.evaluate(`new Promise((resolve) => {
      const opened = indexedDB.open('agent-messenger:/');
      opened.onsuccess = () => {
        indexedDB.deleteDatabase('agent-messenger:/').onblocked = resolve;
      };
    })`);
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(world.url);
    await page.clock.runFor(10_000);
    await page.getByText('This page could not be loaded').waitFor();
    await holder.close();
    await page.getByLabel('Username').waitFor();
  }, 60_000);

  it('who is signed in and follows a link that is no good hears of it before they go on', async () => {
    const link = await world.loginLink(await world.person());
    const used = await (await world.device()).newPage();
    await used.goto(link);
    await used.getByRole('navigation').waitFor();
    const page = await world.signedIn(context, person);
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByText('This link was used already').waitFor();
    expect(await world.faults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Go on as before' }).click();
    await page.getByRole('link', { name: 'Echo' }).waitFor();
  }, 60_000);
});
