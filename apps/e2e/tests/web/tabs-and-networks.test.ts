import { connectClient, type Client } from '@agent-messenger/sdk';
import { rest, waitFor, type Person } from '@agent-messenger/testkit';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { describeInChromium } from '../browser/chromium';
import { ChatWorld, isKept, message, say } from './chat-world';

describeInChromium('pages and their connection', () => {
  let world: ChatWorld;
  let person: Person;
  let id: string;
  let context: BrowserContext;
  /** Pages that have opened a WebSocket, in that order. */
  let sockets: Page[];
  let phone: Client | null = null;

  beforeAll(async () => {
    world = await ChatWorld.start();
  }, 120_000);
  beforeEach(async () => {
    person = await world.person();
    id = await world.conversation(person, world.echo);
    context = await world.device();
    sockets = [];
    context.on('page', (page) => page.on('websocket', () => void sockets.push(page)));
  });
  afterEach(async () => {
    await phone?.close({ deadlineMs: 0 });
    phone = null;
    world.network.heal();
    await world.closeDevices();
    expect(world.complaints.splice(0)).toEqual([]);
  });
  afterAll(() => world.stop(), 60_000);

  const openTab = async () => {
    const page = await context.newPage();
    await page.goto(`${world.url}/#${id}`);
    await page.getByLabel('Message', { exact: true }).waitFor();
    return page;
  };
  /** What the log has of the person's own messages. */
  const sent = async () => {
    const path = `/conversations/${id}/messages?limit=200`;
    const { body } = await rest(world.url, 'GET', path, { bearer: person.access_token });
    const { messages } = body as { messages: { content: string; sender: { kind: string } }[] };
    return messages.flatMap(({ sender, content }) => (sender.kind === 'user' ? [content] : []));
  };

  it('tabs share one connection; when the leader is closed or stands still, another one leads', async () => {
    const first = await world.signedIn(context, person);
    await first.goto(`${world.url}/#${id}`);
    await say(first, 'one');
    await message(first, 'You said: one').waitFor();
    const second = await openTab();
    await say(second, 'two');
    for (const page of [first, second]) await message(page, 'You said: two').waitFor();
    expect(new Set(sockets)).toEqual(new Set([first]));

    const debug = await context.newCDPSession(first);
    await debug.send('Debugger.enable');
    await waitFor(() => pauseTab(first, debug, second), { describe: 'a tab that stands still' });
    await second.bringToFront();
    await say(second, 'three');
    await message(second, 'You said: three').waitFor();
    expect(sockets.at(-1)).toBe(second);
    await debug.send('Debugger.resume');
    await first.bringToFront();
    await message(first, 'You said: three').waitFor();
    // Silently: nobody is asked which of two tabs of one browser is to be used.
    expect(await first.getByRole('button', { name: 'Use here' }).count()).toBe(0);

    await second.close();
    await say(first, 'four');
    await message(first, 'You said: four').waitFor();
    expect(sockets.at(-1)).toBe(first);
    expect(await sent()).toEqual(['one', 'two', 'three', 'four']);
  }, 60_000);

  it('what a tab was sending when it came to a standstill goes out through another, before what that one sends', async () => {
    const first = await world.signedIn(context, person);
    await first.goto(`${world.url}/#${id}`);
    await say(first, 'one');
    await message(first, 'You said: one').waitFor();
    await waitFor(() => first.evaluate<boolean>(isShellKept), { describe: 'the kept shell' });
    world.network.halfOpen();
    await say(first, 'two');
    await waitFor(() => isKept(first, 'two'), { describe: 'the kept message' });
    const second = await openTab();
    const debug = await context.newCDPSession(first);
    await debug.send('Debugger.enable');
    await waitFor(() => pauseTab(first, debug, second), { describe: 'a tab that stands still' });
    await second.bringToFront();
    await say(second, 'three');
    world.network.heal();
    await message(second, 'You said: three').waitFor();
    await debug.send('Debugger.resume');
    await first.bringToFront();
    await say(first, 'four');
    await message(first, 'You said: four').waitFor();
    expect(await sent()).toEqual(['one', 'two', 'three', 'four']);
  }, 60_000);

  it('what was read or muted in one tab is so in the others', async () => {
    const { agent, socket } = await world.agent('Ada');
    id = await world.conversation(person, agent);
    const first = await world.signedIn(context, person);
    await socket.send(id as `cnv_${string}`, 'm1', 'Are you there?');
    const row = first.getByRole('navigation').getByRole('link', { name: 'Ada' });
    await row.getByText('1 unread').waitFor({ state: 'attached' });
    const second = await openTab();
    await message(second, 'Are you there?').waitFor();
    await row.getByText('1 unread').waitFor({ state: 'detached' });
    await second.getByRole('main').getByRole('button', { name: 'More' }).first().click();
    await second.getByRole('menuitem', { name: 'Mute' }).click();
    await row.locator('[title="Muted"]').waitFor();
    socket.close();
  }, 60_000);

  it('drafts and unsent messages survive a reload without a network, and go out once', async () => {
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await say(page, 'before');
    await message(page, 'You said: before').waitFor();
    await page.evaluate('navigator.serviceWorker.ready');
    await waitFor(() => page.evaluate<boolean>(isShellKept), { describe: 'the kept shell' });
    await waitFor(() => isKept(page, 'You said: before'), { describe: 'the kept messages' });
    world.network.cut();
    await page.getByText('Connection lost').waitFor();
    await say(page, 'while away');
    await page.getByLabel('Message', { exact: true }).fill('a draft');
    // What is seen is written down a moment later.
    for (const text of ['while away', 'a draft']) {
      await waitFor(() => isKept(page, text), { describe: `“${text}” to be kept` });
    }
    await page.reload();
    await message(page, 'while away')
      .getByText('Waiting to be sent')
      .waitFor({ state: 'attached' });
    await message(page, 'You said: before').waitFor();
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('a draft');
    await page.getByText('Offline.').waitFor();
    world.network.heal();
    await message(page, 'You said: while away').waitFor();
    await page.getByText('Waiting to be sent').waitFor({ state: 'detached' });
    expect(await sent()).toEqual(['before', 'while away']);
  }, 60_000);

  it('a device without a network says so at once, also where the connection has not noticed', async () => {
    const page = await world.signedIn(context, person);
    const bar = page.getByRole('status').filter({ hasText: 'Offline.' });
    await page.goto(`${world.url}/#${id}`);
    await say(page, 'before');
    await message(page, 'You said: before').waitFor();
    // The connection stands still: it is not closed.
    world.network.halfOpen();
    await context.setOffline(true);
    await bar.waitFor();
    // It belonged to the network of before: another one is opened, and not when a ping is due.
    const another = page.waitForEvent('websocket');
    await context.setOffline(false);
    await another;
    world.network.heal();
    await bar.waitFor({ state: 'detached' });
    await say(page, 'after');
    await message(page, 'You said: after').waitFor();
  }, 60_000);

  it('so does one whose page has no connection yet', async () => {
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await page.evaluate('navigator.serviceWorker.ready');
    await waitFor(() => page.evaluate<boolean>(isShellKept), { describe: 'the kept shell' });
    world.network.halfOpen();
    await page.reload({ waitUntil: 'commit' });
    await page.getByText('Connecting').waitFor();
    await context.setOffline(true);
    const bar = page.getByRole('status').filter({ hasText: 'Offline.' });
    await bar.waitFor();
    await context.setOffline(false);
    world.network.heal();
    await bar.waitFor({ state: 'detached' });
    await say(page, 'after');
    await message(page, 'You said: after').waitFor();
  }, 60_000);

  it('a gateway that dies under the page is left for another one', async () => {
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await say(page, 'before');
    await message(page, 'You said: before').waitFor();
    const [dying, other] = world.stack.gateways;
    const portOf = (url: string) => Number(new URL(url).port);
    world.network.retarget(portOf(other!.url));
    await dying!.kill();
    await say(page, 'after');
    await message(page, 'You said: after').waitFor();
    expect(await sent()).toEqual(['before', 'after']);
    await dying!.start();
    world.network.retarget(portOf(dying!.url));
  }, 60_000);

  it('another device takes over: the page says so, and takes it back when asked to', async () => {
    const page = await world.signedIn(context, person);
    await page.goto(`${world.url}/#${id}`);
    await page.getByText('Say something').waitFor();
    const other = await openTab();
    const { username, password } = person;
    phone = await connectClient({ url: world.url, username, password });
    const ended = new Promise<{ code: string }>((resolve) => phone!.on('ended', resolve));
    const isElsewhere = (tab: Page) => tab.getByText('Another device of yours is connected now.');
    for (const tab of [page, other]) await isElsewhere(tab).waitFor();
    // In the tab that does not lead; the one that does comes back with it.
    await other.getByRole('button', { name: 'Use here' }).click();
    expect(await ended).toMatchObject({ code: 'replaced' });
    for (const tab of [page, other]) await isElsewhere(tab).waitFor({ state: 'detached' });
    await say(page, 'here again');
    await message(page, 'You said: here again').waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('radio', { name: 'Deutsch' }).check();
    await page.getByRole('button', { name: 'Überall abmelden' }).click();
    await page
      .getByRole('dialog', { name: 'Überall abmelden' })
      .getByRole('button', { name: 'Abmelden' })
      .click();
    await page.getByLabel('Benutzername').waitFor();
    const refused = await rest(world.url, 'POST', '/auth/refresh', {
      body: { refresh_token: person.refresh_token },
    });
    expect(refused.status).toBe(401);
  }, 60_000);
});

/**
 * Holds a tab, as a frozen one is held: its debugger does, in a task of its own. False, and the tab goes on, when it was
 * amid a transaction, which would keep the store from the other one.
 */
async function pauseTab(tab: Page, debug: CDPSession, other: Page): Promise<boolean> {
  await tab.evaluate(writesStore);
  const paused = new Promise((resolve) => debug.once('Debugger.paused', resolve));
  await debug.send('Runtime.evaluate', { expression: 'setTimeout(() => { debugger; })' });
  await paused;
  const late = new Promise<string>((resolve) => setTimeout(resolve, 2_000, 'late'));
  const isFree = (await Promise.race([other.evaluate(writesStore), late])) !== 'late';
  if (!isFree) await debug.send('Debugger.resume');
  return isFree;
}

/** Resolves when a transaction that writes has had all of IndexedDB. */
const writesStore = `(async () => {
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve) => (indexedDB.open(name).onsuccess = (event) => resolve(event.target.result)));
    const all = db.transaction([...db.objectStoreNames], 'readwrite');
    await new Promise((resolve) => (all.oncomplete = resolve));
    db.close();
  }
})()`;

/** Whether the service worker keeps all that the page begins with, of which the manifest comes last. */
const isShellKept = `caches.match(new URL('manifest.webmanifest', location.href).href).then((kept) => kept !== undefined)`;
