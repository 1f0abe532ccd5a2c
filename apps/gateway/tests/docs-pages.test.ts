import { launchChromium, startPathProxy } from '@agent-messenger/testkit';
import type { Browser, Page } from 'playwright-core';
import type { Harness } from './harness';
import { startHarness } from './harness';

let harness: Harness;
let browser: Browser;
/** Directly, under a path that its proxy passes on, and under one that its proxy takes off. */
const sites: Record<string, string> = {};

beforeAll(async () => {
  harness = await startHarness();
  const direct = await harness.gateway();
  sites['at the root'] = direct.url;
  const under = await harness.gateway({ BASE_PATH: '/app/messenger' });
  sites['under BASE_PATH'] = `${under.url}/app/messenger`;
  const proxy = await startPathProxy({ path: '/chat', target: Number(new URL(direct.url).port) });
  harness.scope.defer('proxy', () => proxy.close());
  sites['behind a proxy that takes its path off'] = proxy.url;
  browser = await launchChromium();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await harness.close();
}, 60_000);

/** A page, all that it asks for and all that its browser complains of, refusals by the policy included. */
async function open(url: string): Promise<{ page: Page; asked: string[]; complaints: string[] }> {
  const page = await browser.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, asked, complaints };
}

/** What came from elsewhere; what stands in the page itself came from nowhere. */
const foreign = (asked: string[], site: string) =>
  asked.filter((url) => !url.startsWith(`${site}/`) && !url.startsWith('data:'));

describe.each(['at the root', 'under BASE_PATH', 'behind a proxy that takes its path off'])(
  '%s',
  (name) => {
    const site = () => sites[name] as string;

    it('/docs shows the routes, and calls them, without asking anybody else', async () => {
      const { page, asked, complaints } = await open(`${site()}/docs`);
      expect(page.url()).toBe(`${site()}/docs/`);
      const health = page.locator('#operations-Service-health');
      await health.waitFor();
      // More than 40 of them.
      await page.locator('.opblock').nth(40).waitFor({ state: 'attached' });
      await health.locator('.opblock-summary-control').click();
      await health.getByRole('button', { name: 'Try it out' }).click();
      await health.getByRole('button', { name: 'Execute' }).click();
      await health.locator('.live-responses-table .response-col_status').getByText('200').waitFor();
      expect(asked).toContain(`${site()}/health`);
      expect(foreign(asked, site())).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    }, 60_000);

    it('/docs/sockets shows both ways in, without a script', async () => {
      const { page, asked, complaints } = await open(`${site()}/docs/sockets`);
      for (const address of ['/client', '/agent', '/client/connect', '/agent/connect'])
        await page.locator('h2 code', { hasText: new RegExp(`^${address}$`) }).waitFor();
      await page.getByRole('link', { name: 'frame.message.send', exact: true }).first().click();
      await page.locator('[id="message-frame.message.send"]').waitFor({ state: 'visible' });
      expect(await page.locator('script').count()).toBe(0);
      expect(foreign(asked, site())).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    }, 60_000);
  },
);

it('has a policy of its own, which lets nothing in from elsewhere', async () => {
  for (const path of ['docs/', 'docs/sockets']) {
    const { headers } = await fetch(`${sites['at the root']}/${path}`);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
  }
});

it('links to nothing that is not there', async () => {
  const root = sites['at the root'] as string;
  const html = await (await fetch(`${root}/docs/sockets`)).text();
  const anchors = [...html.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor as string);
  expect(anchors.length).toBeGreaterThan(100);
  for (const anchor of anchors) expect(html).toContain(`id="${anchor}"`);
  for (const [, href] of html.matchAll(/href="([^#"][^"]*)"/g)) {
    if (href?.startsWith('data:')) continue;
    const { status } = await fetch(new URL(href as string, `${root}/docs/sockets`));
    expect([href, status]).toEqual([href, 200]);
  }
});

it('sends its assets compressed to who takes that, and whole to who does not', async () => {
  const url = `${sites['at the root']}/docs/swagger-ui-bundle.js`;
  const [zipped, plain] = await Promise.all(
    ['gzip', 'identity'].map((encoding) =>
      fetch(url, { headers: { 'accept-encoding': encoding } }),
    ),
  );
  expect(zipped?.headers.get('content-encoding')).toBe('gzip');
  expect(plain?.headers.get('content-encoding')).toBeNull();
  expect(await zipped?.text()).toBe(await plain?.text());
});

it('is not there with DOCS_PAGE=off; the documents are', async () => {
  const { url } = await harness.gateway({ DOCS_PAGE: 'off' });
  const paths = ['/docs', '/docs/', '/docs/sockets', '/openapi.json', '/asyncapi.json'];
  const answers = await Promise.all(paths.map((path) => fetch(url + path)));
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 200, 200]);
});
