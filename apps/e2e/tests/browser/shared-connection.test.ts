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

/** In the pages that `tab` makes. */
interface Made {
  opened: Parameters<Sdk.SharedConnection['open']>[1][];
  /** Of what the other tabs say it hears nothing. */
  isDeaf: boolean;
  heard: string[];
  ended: string[];
  elsewhere: number;
  open: () => void;
  close: () => void;
}
declare const made: Made;

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

  /** A tab whose connections are made by the test. */
  async function tab(silenceMs = 5_000): Promise<Page> {
    const page = await open();
    await page.evaluate((silence) => {
      const close = () => undefined;
      const made: Made = {
        opened: [],
        isDeaf: false,
        heard: [],
        ended: [],
        elsewhere: 0,
        open,
        close,
      };
      const Heard = class extends BroadcastChannel {
        override set onmessage(hear: (event: MessageEvent) => void) {
          this.addEventListener('message', (event) => void (made.isDeaf || hear(event)));
        }
      };
      Object.assign(globalThis, { BroadcastChannel: Heard });
      const connection = new sdk.SharedConnection({
        name: 'login',
        silenceMs: silence,
        open: (_target, hooks) => {
          made.opened.push(hooks);
          return { send: () => undefined, close: () => undefined };
        },
        onConnectedElsewhere: () => (made.elsewhere += 1),
      });
      function open(): void {
        const wire: { close: () => void } = connection.open({} as never, {
          hear: ({ name }) => made.heard.push(name),
          end: ({ error, delayMs }) => {
            made.ended.push(error.code);
            wire.close();
            // As a client does: at once where it is told so, and else when the person says so.
            if (delayMs === 0) open();
          },
        });
        made.close = () => wire.close();
      }
      Object.assign(globalThis, { made, seen: { connection } });
      open();
    }, silenceMs);
    return page;
  }
  const madeBy = (page: Page) =>
    page.evaluate(() => ({ ...made, opened: made.opened.length, open: null, close: null }));
  const tell = (page: Page, what: 'connected' | 'replaced') =>
    page.evaluate((which) => {
      const hooks = made.opened.at(-1);
      const error = { code: 'replaced', message: 'another device' } as Sdk.MessengerError;
      if (which === 'replaced') hooks?.end({ error, reconnect: false });
      else hooks?.hear({ name: 'connected', payload: {} as never });
    }, what);
  const hears = (page: Page, name: string) =>
    waitFor(async () => (await madeBy(page)).heard.includes(name), { describe: name });

  it('goes to a tab that wants it from one that stays away, which may come back then', async () => {
    const first = await tab();
    await waitFor(() => leads(first), { describe: 'a leader' });
    const others = [await tab(), await tab()] as const;
    await tell(first, 'connected');
    for (const page of others) await hears(page, 'connected');
    await tell(first, 'replaced');
    for (const page of others) {
      await waitFor(async () => (await madeBy(page)).ended.includes('replaced'), {
        describe: 'the end for all',
      });
    }
    // The last in the queue for the lock.
    const [between, wanting] = others;
    await wanting.evaluate(() => made.open());
    await waitFor(async () => (await madeBy(wanting)).opened > 0, {
      describe: 'its own connection',
    });
    await tell(wanting, 'connected');
    await hears(wanting, 'connected');
    for (const page of [first, between]) {
      await waitFor(async () => (await madeBy(page)).elsewhere > 0, { describe: 'the news' });
    }
  });

  it('is found by a tab that lost it while it heard nothing of the others', async () => {
    const first = await tab();
    await waitFor(() => leads(first), { describe: 'a leader' });
    await tell(first, 'connected');
    const other = await tab(500);
    await hears(other, 'connected');
    await first.evaluate(() => (made.isDeaf = true));
    await waitFor(async () => (await madeBy(first)).ended.length > 0, { describe: 'the loss' });
    await first.evaluate(() => Object.assign(made, { isDeaf: false, heard: [] }));
    await tell(other, 'connected');
    await hears(first, 'connected');
  });

  it('is found by a tab that went through another one and did not hear that a third leads', async () => {
    const first = await tab();
    await waitFor(() => leads(first), { describe: 'a leader' });
    await tell(first, 'connected');
    const others = [await tab(), await tab()] as const;
    for (const page of others) await hears(page, 'connected');
    const [next, deaf] = others;
    await deaf.evaluate(() => (made.isDeaf = true));
    await first.close();
    await waitFor(() => leads(next), { describe: 'another leader' });
    await waitFor(async () => (await madeBy(next)).opened > 0, { describe: 'its connection' });
    await deaf.evaluate(() => Object.assign(made, { isDeaf: false, heard: [] }));
    // It asks who leads as long as it is seen.
    await waitFor(async () => (await madeBy(deaf)).ended.length > 0, { describe: 'the news' });
    await tell(next, 'connected');
    await hears(deaf, 'connected');
  });

  it('goes to another tab when the client of the one that leads is closed', async () => {
    const first = await tab();
    await waitFor(() => leads(first), { describe: 'a leader' });
    const other = await tab();
    await tell(first, 'connected');
    await hears(other, 'connected');
    await first.evaluate(() => made.close());
    await waitFor(async () => (await madeBy(other)).ended.length > 0, { describe: 'the end' });
    await other.evaluate(() => made.open());
    await waitFor(async () => (await madeBy(other)).opened > 0, { describe: 'its own connection' });
  });
});
