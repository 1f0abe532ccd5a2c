import { waitFor } from '@agent-messenger/testkit';
import type * as Sdk from '@agent-messenger/sdk/browser';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { describeInChromium, launchChromium } from './chromium';
import { PageServer } from './page-server';

/** In the pages: the bundle, and what is seen of the connection of the page. */
declare const sdk: typeof Sdk;
declare const seen: {
  connection: Sdk.SharedConnection;
  steals: number;
  lost: number;
  ends: number;
  letSteal: () => void;
};

const LOCK = 'login:connection';

describeInChromium('the connection that tabs share', () => {
  let browser: Browser;
  let context: BrowserContext;
  let server: PageServer;

  beforeAll(async () => {
    [browser, server] = await Promise.all([
      launchChromium(),
      PageServer.start('libs/sdk/dist/browser.js'),
    ]);
  }, 60_000);
  beforeEach(async () => (context = await browser.newContext()));
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  async function open(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(server.origin);
    return page;
  }

  /** A tab that leads and says nothing. */
  async function silentLeader(): Promise<Page> {
    const page = await open();
    await page.evaluate(
      (lock) =>
        new Promise<void>((resolve) => {
          void navigator.locks.request(lock, () => new Promise<void>(() => resolve()));
        }),
      LOCK,
    );
    return page;
  }

  /** A tab that is seen, with a clock of its own; a lock that it steals it gets when `letSteal` is called. */
  async function follower(): Promise<Page> {
    const page = await open();
    await page.clock.install();
    await page.evaluate(() => {
      const request = navigator.locks.request.bind(navigator.locks) as (
        ...args: unknown[]
      ) => Promise<unknown>;
      let letSteal = () => undefined as void;
      const allowed = new Promise<void>((resolve) => (letSteal = resolve));
      navigator.locks.request = (async (name: string, how: LockOptions, hold: unknown) => {
        if (how.steal) {
          seen.steals += 1;
          await allowed;
        }
        return request(name, how, hold).catch((error: unknown) => {
          seen.lost += 1;
          throw error;
        });
      }) as typeof navigator.locks.request;
      Object.assign(globalThis, { seen: { steals: 0, lost: 0, ends: 0, letSteal } });
      seen.connection = new sdk.SharedConnection({
        name: 'login',
        open: () => ({ send: () => undefined, close: () => undefined }),
      });
      const connect = () => {
        const end = () => {
          seen.ends += 1;
          connect();
        };
        seen.connection.open({} as never, { hear: () => undefined, end });
      };
      connect();
    });
    return page;
  }

  const leads = (page: Page) => page.evaluate(() => seen.connection.isLeader);
  const count = (page: Page, what: 'steals' | 'lost' | 'ends') =>
    page.evaluate((name) => seen[name], what);

  it('is taken once from a leader that is silent, however late the lock comes', async () => {
    await silentLeader();
    const page = await follower();
    await page.clock.runFor(60_000);
    expect(await count(page, 'steals')).toBe(1);
    await page.evaluate(() => seen.letSteal());
    await waitFor(() => leads(page), { describe: 'a new leader' });
    expect(await count(page, 'lost')).toBe(0);
  });

  it('stays with a tab that steals the lock from itself, since its turn has come meanwhile', async () => {
    const leader = await silentLeader();
    const page = await follower();
    await page.clock.runFor(60_000);
    await leader.close();
    await waitFor(() => leads(page), { describe: 'its turn' });
    const ends = await count(page, 'ends');
    await page.evaluate(() => seen.letSteal());
    await waitFor(async () => (await count(page, 'lost')) > 0, { describe: 'the stolen lock' });
    expect(await leads(page)).toBe(true);
    expect(await count(page, 'ends')).toBe(ends);
  });
});
