import {
  createAgent,
  createPerson,
  rest,
  startPathProxy,
  startStack,
  waitFor,
  type PathProxy,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import type { Browser, BrowserContext } from 'playwright-core';
import { ConsolePage } from '../browser/console-page';
import { describeInChromium, launchChromium } from '../browser/chromium';
import { openWatched } from '../browser/watched-page';
import { isKept, message, say } from './chat-world';

describeInChromium('the web app below a path', () => {
  let browser: Browser;
  let stack: Stack;
  let proxy: PathProxy;
  let context: BrowserContext;
  /** Where the path is taken off, by the gateway and by a proxy before it. */
  let sites: Record<'gateway' | 'proxy', string>;

  beforeAll(async () => {
    [browser, stack] = await Promise.all([launchChromium(), startStack()]);
    const plain = stack.gateways[0]!.url;
    const below = await stack.addGateway({ env: { BASE_PATH: '/am' } });
    proxy = await startPathProxy({ path: '/tools/am', target: Number(new URL(plain).port) });
    sites = { gateway: below.url, proxy: proxy.url };
  }, 120_000);
  beforeEach(async () => {
    context = await browser.newContext({ locale: 'en-US' });
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await proxy.close();
    await stack.stop();
  }, 60_000);

  async function linkCode({ user_id }: Person): Promise<string> {
    const { internalUrl } = stack.gateways[0]!;
    const headers = { 'x-admin-key': stack.adminKey };
    const answer = await rest(internalUrl, 'POST', `/admin/users/${user_id}/link`, { headers });
    return (answer.body as { code: string }).code;
  }

  it.each(['gateway', 'proxy'] as const)(
    'all of it is there, after a reload and without a network too: %s',
    async (name) => {
      const site = sites[name];
      const { pathname } = new URL(site);
      const plain = stack.gateways[0]!.url;
      const person = await createPerson(plain);
      const agent = await createAgent(plain, stack.adminKey, { name: `Of the ${name}` });
      const asked: string[] = [];
      context.on('request', (request) => void asked.push(request.url()));
      const byWorker: string[] = [];
      context.on('response', (answer) => {
        if (answer.fromServiceWorker()) byWorker.push(answer.url());
      });
      const { page, complaints } = await openWatched(context);
      await page.goto(`${site}/#link=${await linkCode(person)}`);
      await page.getByRole('button', { name: 'New conversation' }).last().click();
      await page.getByRole('button', { name: agent.name }).click();
      await say(page, 'hello');
      await message(page, 'hello')
        .getByText('Sent', { exact: true })
        .waitFor({ state: 'attached' });
      const address = page.url();
      expect(address).toMatch(new RegExp(`^${site}/#cnv_`));

      await page.evaluate('navigator.serviceWorker.ready');
      expect(
        await page.evaluate('navigator.serviceWorker.getRegistration().then(({ scope }) => scope)'),
      ).toBe(`${site}/`);
      await page.reload();
      await message(page, 'hello').waitFor();
      await page.waitForFunction(
        `caches.open('agent-messenger-shell').then((cache) => cache.keys()).then((keys) => keys.length > 4)`,
      );
      await waitFor(() => isKept(page, 'hello'), { describe: 'the kept message' });
      await context.setOffline(true);
      await page.reload();
      await message(page, 'hello').waitFor();
      await context.setOffline(false);
      expect(page.url()).toBe(address);

      const operator = new ConsolePage(page, site);
      await operator.open(stack.adminKey);
      await operator.heading('Overview').waitFor();
      await operator.section('Agents');
      await operator.row(agent.name).waitFor();
      // The chat's service worker has nothing to do with it.
      expect(byWorker.filter((url) => new URL(url).pathname.includes('/admin'))).toEqual([]);
      expect(byWorker).not.toEqual([]);

      const elsewhere = asked.filter((url) => !new URL(url).pathname.startsWith(`${pathname}/`));
      expect(elsewhere).toEqual([]);
      expect(complaints.filter((each) => !each.includes('net::ERR'))).toEqual([]);
      expect(proxy.outside).toEqual([]);
    },
    60_000,
  );

  it('the path without a slash leads to the page', async () => {
    const { page } = await openWatched(context);
    await page.goto(sites.gateway);
    await page.getByLabel('Username').waitFor();
    expect(page.url()).toBe(`${sites.gateway}/`);
  });
});
