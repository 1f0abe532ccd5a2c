import {
  createAgent,
  createPerson,
  freePort,
  startStack,
  waitFor,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import type * as Sdk from '@agent-messenger/sdk';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { describeInChromium, launchChromium } from './chromium';
import { PageServer } from './page-server';

/** In the pages: the bundle, what a page would keep, and the client that a test has opened there. */
declare const sdk: typeof Sdk;
declare const localStorage: {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
};
declare let client: Sdk.Client;

/**
 * Short, so that a tab renews its token at almost each use; a busy machine may be slower, so that one expires on its
 * way.
 */
const ACCESS_TOKEN_TTL_S = '1';

describeInChromium('the SDK in Chromium', () => {
  let browser: Browser;
  let context: BrowserContext;
  let allowed: PageServer;
  let foreign: PageServer;
  let stack: Stack;
  let url: string;
  let person: Person;

  beforeAll(async () => {
    [browser, allowed, foreign] = await Promise.all([
      launchChromium(),
      PageServer.start(),
      PageServer.start(),
    ]);
    stack = await startStack({
      env: { auth: { ACCESS_TOKEN_TTL_S }, gateway: { CORS_ORIGINS: allowed.origin } },
    });
    url = stack.gateways[0]!.url;
  }, 120_000);
  beforeEach(async () => {
    person = await createPerson(url);
    context = await browser.newContext();
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await Promise.all([allowed.stop(), foreign.stop(), stack.stop()]);
  }, 60_000);

  async function open({ origin }: PageServer): Promise<Page> {
    const page = await context.newPage();
    await page.goto(origin);
    return page;
  }

  /** The error with which a login in the page ends. */
  function refusal(page: Page, address: string): Promise<{ code: string; message: string }> {
    const { username, password } = person;
    return page.evaluate(
      (options) =>
        sdk.connectClient(options).then(
          () => ({ code: 'none', message: 'connected' }),
          ({ code, message }: Sdk.MessengerError) => ({ code, message }),
        ),
      { url: address, username, password },
    );
  }

  it.each(['socket.io', 'websocket'] as const)('sends and receives over %s', async (transport) => {
    const agent = await createAgent(url, stack.adminKey);
    const page = await open(allowed);
    const { username, password } = person;
    const received = await page.evaluate(
      async ({ agent_id, ...options }) => {
        const opened = await sdk.connectClient(options);
        const conversation = await opened.openConversation({ agent_id });
        const message = new Promise((resolve) =>
          opened.on('message', ({ content }) => resolve(content)),
        );
        await conversation.send('hello');
        return message;
      },
      { url, username, password, transport, agent_id: agent.id },
    );
    expect(received).toBe('hello');
  });

  it('tells what CORS blocks from what is not there, and names the setting', async () => {
    const page = await open(foreign);
    const blocked = await refusal(page, url);
    expect(blocked).toMatchObject({ code: 'unreachable' });
    expect(blocked.message).toContain(`${foreign.origin} may not read it: CORS_ORIGINS`);
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    expect(await refusal(page, nowhere)).toEqual({
      code: 'unreachable',
      message: `${nowhere} is not reachable`,
    });
  });

  it('tabs with one stored session go on from each other’s refresh tokens, and none logs another one out', async () => {
    /** Refresh tokens that pages have used, and that they were given. */
    const used: { token: string; by: Page }[] = [];
    const handedOut = new Map<string, Page>();
    const isRefresh = (request: Request) =>
      request.url().endsWith('/auth/refresh') && request.method() === 'POST';
    context.on('request', (request) => {
      if (!isRefresh(request)) return;
      const { refresh_token: token } = request.postDataJSON() as { refresh_token: string };
      used.push({ token, by: request.frame().page() });
    });
    context.on('response', (response) => {
      const request = response.request();
      if (!isRefresh(request)) return;
      const by = request.frame().page();
      // A page that is gone by then needs no answer any more.
      const noted = response.json().then((body) => {
        handedOut.set((body as { refresh_token: string }).refresh_token, by);
      });
      noted.catch(() => undefined);
    });
    /** One that another page was given. */
    const isTakenOver = () => used.some(({ token, by }) => (handedOut.get(token) ?? by) !== by);
    const { access_token, refresh_token, token_type, expires_in, user_id } = person;
    const tokens = { access_token, refresh_token, token_type, expires_in, user_id };
    const connect = async (page: Page, given: object) => {
      await page.evaluate(
        async (options) => {
          const storage = {
            get: async (key: string) => localStorage.getItem(key),
            set: async (key: string, value: string) => localStorage.setItem(key, value),
          };
          const opened = await sdk
            .connectClient({ ...options, storage })
            .catch(({ code, message }: Sdk.MessengerError) => {
              throw new Error(`${code}: ${message}`);
            });
          // Tabs that share no connection take it from each other; what they share here is the login.
          await opened.close();
          Object.assign(globalThis, { client: opened });
        },
        { url, ...given },
      );
      return page;
    };
    const list = (page: Page) =>
      page.evaluate(async () => {
        await client.rest.request('listConversations', { query: {} });
      });
    const tabs = [
      await connect(await open(allowed), { tokens }),
      // A page that was opened with the same tokens, which are no longer the newest.
      await connect(await open(allowed), { tokens }),
    ];
    await waitFor(
      async () => {
        await Promise.all(tabs.map(list));
        // What one process wrote into localStorage the other one may see a moment later: a token that is used again
        // then is within the half minute in which the server allows that.
        return used.length >= 8 && isTakenOver();
      },
      { timeoutMs: 60_000, describe: 'eight renewals' },
    );
    const reloaded = await connect(await open(allowed), {});
    await list(reloaded);
    await Promise.all(tabs.map(list));
  }, 120_000);
});
