/// <reference lib="dom" />
import {
  findRoot,
  rest,
  startPushStandins,
  waitFor,
  type PushStandins,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { describeInChromium } from '../browser/chromium';
import { ChatWorld, message, say, signOut } from './chat-world';
import { PushedBrowser, subscribeAtStandin } from './push-service';

describeInChromium('notifications of a browser', () => {
  let dir: string;
  let standins: PushStandins;
  let world: ChatWorld;
  let context: BrowserContext;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'am-standins-'));
    standins = await startPushStandins({ dir });
    world = await ChatWorld.start({
      env: {
        gateway: {
          BRAND_NAME: 'Northwind',
          BRAND_LOGO: join(findRoot(), 'apps/web/public/icon-192.png'),
        },
        messages: { PUSH_GRACE_MS: '300' },
        // Chromium does not know the declarative form that pushes have then as well: its worker shows them.
        'push-worker': {
          ...standins.env,
          PUSH_MIN_INTERVAL_MS: '0',
          WEBPUSH_NAVIGATE: 'https://chat.example/#{conversation_id}',
        },
      },
    });
  }, 120_000);
  beforeEach(async () => {
    context = await world.device();
    await context.grantPermissions(['notifications'], { origin: world.url });
    await subscribeAtStandin(context, standins);
  });
  afterEach(async () => {
    world.network.heal();
    await world.closeDevices();
    const heard = world.complaints.splice(0);
    expect({ heard, strangers: world.strangers.splice(0) }).toEqual({ heard: [], strangers: [] });
    expect(standins.webpush.complaints).toEqual([]);
  });
  afterAll(async () => {
    await world.stop();
    await standins.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  /** Somebody with a conversation, whose page has notifications turned on. */
  async function subscribed() {
    const person = await world.person();
    const { agent, socket } = await world.agent('Ada');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    const page = await world.signedIn(context, person);
    await page.evaluate('navigator.serviceWorker.ready');
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.getByText('On for this browser.').waitFor();
    const shown = () => standins.shown.filter(({ conversation_id }) => conversation_id === id);
    return {
      person,
      page,
      id,
      say: (text: string) => socket.send(id, randomUUID(), text),
      pushed: (count: number) =>
        waitFor(() => shown().at(count - 1)?.data, { describe: `${count} pushes` }),
      isPushed: () => shown().length,
      read: (seq: number) =>
        rest(world.url, 'POST', `/conversations/${id}/read`, {
          bearer: person.access_token,
          body: { seq },
        }),
    };
  }
  /** Turned off, and never told again: what is said then reaches another device of the person only. */
  async function isTurnedOff({
    person,
    id,
    say,
    isPushed,
  }: Awaited<ReturnType<typeof subscribed>>) {
    const before = isPushed();
    const token = `fcm-${id}`;
    const body = { device_id: 'phone', platform: 'fcm', token };
    await rest(world.url, 'POST', '/push/register', { bearer: person.access_token, body });
    await say('to the phone');
    await waitFor(() => standins.shown.some((each) => each.token === token));
    expect(
      standins.shown.filter(
        ({ platform, ...each }) => platform === 'webpush' && each.conversation_id === id,
      ),
    ).toHaveLength(before);
  }

  it('shows what came while no page was open; a click opens the conversation, and what is read goes', async () => {
    const { page, id, say, pushed } = await subscribed();
    const browser = await PushedBrowser.open(context, `${world.url}/`);
    await page.close();
    await say('**First** of two');
    const data = await pushed(1);
    await browser.deliver(data, 'First of two');
    const first = { title: 'Ada', body: 'First of two', tag: id };
    const declared = { ...first, dir: 'auto', renotify: true };
    expect(JSON.parse(data)).toMatchObject({
      web_push: 8030,
      notification: { ...declared, navigate: `https://chat.example/#${id}` },
    });
    expect(await browser.shown()).toMatchObject([first]);
    await say('Second');
    await browser.deliver(await pushed(2), 'Second');
    // In the place of the one before.
    expect(await browser.shown()).toMatchObject([{ ...first, body: 'Second' }]);

    const address = await browser.click();
    expect(address).toBe(`${world.url}/#${id}`);
    const opened = await context.newPage();
    await opened.goto(address);
    await message(opened, 'Second').waitFor();
    await waitFor(async () => (await browser.shown()).length === 0);
  }, 60_000);

  it('is offered once, to somebody who waits for an answer', async () => {
    const person = await world.person();
    const id = await world.conversation(person, world.echo);
    const page = await world.signedIn(context, person);
    await page.evaluate('navigator.serviceWorker.ready');
    await page.goto(`${world.url}/#${id}`);
    await page.getByText('Say something').waitFor();
    const places = () =>
      Promise.all(['.composer', '.row'].map((each) => page.locator(each).boundingBox()));
    const before = await places();
    await say(page, 'hello');
    await message(page, 'You said: hello').waitFor();
    const offer = page.getByText('Be told when an answer comes');
    await offer.waitFor();
    // Whoever writes goes on writing where they were.
    expect(await places()).toEqual(before);
    expect(await world.faults(page)).toEqual([]);
    const registered = page.waitForRequest(`${world.url}/push/register`);
    await page.getByRole('button', { name: 'Turn on' }).click();
    await registered;
    await page.reload();
    await say(page, 'again');
    await message(page, 'You said: again').waitFor();
    expect(await offer.count()).toBe(0);
  }, 60_000);

  it('a page clears what was read elsewhere; a click shows the page that is open already', async () => {
    const { page, id, say, pushed, read } = await subscribed();
    const browser = await PushedBrowser.open(context, `${world.url}/`);
    await page.goto('about:blank');
    const { message: said } = await say('hello');
    const data = await pushed(1);
    await browser.deliver(data, 'hello');
    await read(said.seq);
    await page.goto(world.url);
    await waitFor(async () => (await browser.shown()).length === 0);

    await say('unread');
    await page
      .getByRole('link', { name: /Ada/ })
      .getByText('1 unread')
      .waitFor({ state: 'attached' });
    await browser.deliver(data, 'hello');
    expect(await browser.click()).toBe('focus');
    await message(page, 'unread').waitFor();
    expect(page.url()).toBe(`${world.url}/#${id}`);
  }, 60_000);

  it('turned off, or signed out: the server tells this browser nothing any more', async () => {
    const turnedOff = await subscribed();
    await turnedOff.page.getByRole('button', { name: 'Turn off' }).click();
    await turnedOff.page.getByRole('button', { name: 'Turn on' }).waitFor();
    await turnedOff.page.close();
    await isTurnedOff(turnedOff);

    const signedOut = await subscribed();
    await signOut(signedOut.page);
    await signedOut.page.close();
    await isTurnedOff(signedOut);
  }, 60_000);

  it('a start registers the browser again, with the key that the server has by now', async () => {
    const { page, say, pushed, person } = await subscribed();
    const registered = () =>
      page.waitForRequest((request) => request.url() === `${world.url}/push/register`);
    const again = registered();
    await page.reload();
    expect((await again).postDataJSON()).toMatchObject({ platform: 'webpush' });
    // A server that lost its keys has others; the browser would refuse to subscribe with them beside the old.
    await page.evaluate((other) => {
      (
        globalThis as unknown as { localStorage: { setItem(key: string, value: string): void } }
      ).localStorage.setItem('stand-in: subscribed with', other);
    }, 'BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U');
    const anew = registered();
    await page.reload();
    await anew;
    expect(await page.evaluate(`localStorage.getItem('stand-in: subscribed with')`)).toBe(
      standins.vapidPublicKey,
    );
    await rest(world.url, 'GET', '/push/config', { bearer: person.access_token });
    await page.close();
    await say('hello');
    await pushed(1);
  }, 60_000);

  it('can be installed, under the name and with the logo of the brand', async () => {
    const page = await world.signedIn(context, await world.person());
    await page.evaluate('navigator.serviceWorker.ready');
    const debug = await context.newCDPSession(page);
    const { errors, data } = await debug.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    const manifest = JSON.parse(data!) as {
      name: string;
      display: string;
      icons: { src: string }[];
    };
    expect(manifest).toMatchObject({ name: 'Northwind', display: 'standalone' });
    expect(manifest.icons[0]?.src).toMatch(/assets\/logo-[\w-]+\.png$/);
    const { installabilityErrors } = await debug.send('Page.getInstallabilityErrors');
    // Which the browsers of tests are, and people's are not.
    const others = installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito');
    expect(others).toEqual([]);
  }, 60_000);

  it('a push without data, or with data that is not ours, is shown too', async () => {
    const { page } = await subscribed();
    const browser = await PushedBrowser.open(context, `${world.url}/`);
    // An open page takes back what tells of no unread conversation.
    await page.close();
    const { title, icon } = await browser.deliver('nonsense', '');
    expect(title).toBe('Northwind');
    expect(icon).toMatch(/assets\/logo-[\w-]+\.png$/);
  }, 60_000);

  it('a push that comes before the network is there has the brand that was known', async () => {
    const { page } = await subscribed();
    const isKept = () => page.evaluate(() => caches.match('/manifest.webmanifest').then(Boolean));
    await waitFor(isKept, { describe: 'the kept manifest' });
    const browser = await PushedBrowser.open(context, `${world.url}/`);
    await page.close();
    world.network.cut();
    const { title, icon } = await browser.deliver('nonsense', '');
    expect(title).toBe('Northwind');
    expect(icon).toMatch(/assets\/logo-[\w-]+\.png$/);
  }, 60_000);
});
