import {
  createAgent,
  createPerson,
  findRoot,
  openTestSocket,
  rest,
  startStack,
  waitFor,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { describeInChromium, launchChromium } from './chromium';
import { ConsolePage } from './console-page';
import { givenUpPush } from './given-up-push';
import { answersOfPasted } from './pasted-programs';
import { picture } from './picture';
import { accessibilityProblems, openWatched, type WatchedPage } from './watched-page';

const SECTIONS = ['Overview', 'Agents', 'People', 'Connections', 'Audit log', 'Given up pushes'];

describeInChromium('the console', () => {
  let browser: Browser;
  let stack: Stack;
  let url: string;
  let person: Person;
  let context: BrowserContext;
  let watched: WatchedPage;
  let operator: ConsolePage;

  beforeAll(async () => {
    [browser, stack] = await Promise.all([
      launchChromium(),
      // No provider takes pushes to phones: what is put there for a test stays there.
      startStack({ env: { 'push-worker': { PUSH_LOG: 'false' } } }),
    ]);
    url = stack.gateways[0]!.url;
    person = await createPerson(url);
  }, 120_000);
  beforeEach(async () => {
    context = await browser.newContext({ locale: 'en-US' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    watched = await openWatched(context);
    operator = new ConsolePage(watched.page, url);
  });
  afterEach(async () => {
    await context.close();
    expect(watched.complaints).toEqual([]);
    // Nobody else was asked for anything.
    for (const origin of watched.origins) expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });
  afterAll(async () => {
    await browser.close();
    await stack.stop();
  }, 60_000);

  it('says so when a part of it is not there, and is reloaded', async () => {
    const { page } = watched;
    const part = '**/assets/en-*.js';
    await context.route(part, (route) => route.fulfill({ status: 404 }));
    await page.goto(`${url}/admin/`);
    await page.getByText('This page could not be loaded').waitFor();
    expect(watched.complaints.splice(0)).not.toEqual([]);
    await context.unroute(part);
    await operator.button('Reload').click();
    await page.getByLabel('Admin key').waitFor();
  });

  it('opens for the admin key, and keeps it nowhere', async () => {
    const { page } = watched;
    await operator.open('wrong');
    await page.getByText('This is not the admin key.').waitFor();
    await page.getByLabel('Admin key').fill(stack.adminKey);
    await operator.button('Open').click();
    await operator.heading('Overview').waitFor();
    const kept = await context.storageState({ indexedDB: true });
    expect(JSON.stringify(kept)).not.toContain(stack.adminKey);
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
    expect(page.url()).not.toContain(stack.adminKey);
    await page.reload();
    await page.getByLabel('Admin key').waitFor();
    expect(await page.getByLabel('Admin key').inputValue()).toBe('');
  });

  it('shows every service with its version, storage and queues', async () => {
    await operator.open(stack.adminKey);
    const { version } = JSON.parse(
      readFileSync(join(findRoot(), 'apps/gateway/package.json'), 'utf8'),
    ) as { version: string };
    for (const name of ['gateway', 'auth', 'messages', 'push-worker']) {
      const cells = operator.page
        .getByRole('region', { name: 'Services' })
        .getByRole('row')
        .filter({ has: operator.page.getByRole('cell', { name, exact: true }) })
        .getByRole('cell');
      await waitFor(
        async () => (await cells.allTextContents()).join('|') === `${name}|Works|${version}`,
      );
    }
    await operator.row('webpush').waitFor();
    expect(await operator.page.locator('.figures dd').first().textContent()).toMatch(/\d (kB|MB)/);
  });

  it('creates an agent, and what it says to paste really answers', async () => {
    await operator.open(stack.adminKey);
    await operator.section('Agents');
    await operator.button('Create an agent').click();
    const dialog = operator.page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Pasted');
    await operator.button('Create an agent', dialog).click();
    await operator.dialog('Pasted is there').waitFor();
    expect(await dialog.getByLabel('Address of the gateway').inputValue()).toBe(url);
    await picture(operator.page, 'console');
    let last = '';
    const paste = async (language: string) => {
      await operator.button(language, dialog).click();
      await operator.button('Copy', dialog.locator('.snippet')).click();
      const before = last;
      // The page writes it there in its own time.
      last = await waitFor(async () => {
        const now = await operator.page.evaluate<string>('navigator.clipboard.readText()');
        return now === before ? undefined : now;
      });
      return last;
    };
    const code = {
      TypeScript: await paste('TypeScript'),
      Python: await paste('Python'),
      curl: await paste('curl'),
      OpenAI: await paste('OpenAI'),
      Webhook: await paste('Webhook'),
      Telegram: await paste('Telegram'),
    };
    await operator.page.keyboard.press('Escape');
    await operator.row('Pasted').waitFor();

    expect(await answersOfPasted(code, { url, person, agent: 'Pasted' })).toEqual({
      TypeScript: 'You wrote: to TypeScript',
      OpenAI: 'You asked 0 times, and now: to a model',
      Webhook: 'By a webhook: hello',
      Telegram: 'By Telegram: to a chat',
      Python: 'You wrote: to Python',
      curl: 'You wrote: to "curl", in\ntwo lines',
    });
  }, 180_000);

  it('rotates and revokes keys', async () => {
    const { api_key, name } = await createAgent(url, stack.adminKey);
    const token = async (bearer: string) =>
      (await rest(url, 'POST', '/auth/agent/token', { bearer })).status;
    await operator.open(stack.adminKey);
    await operator.section('Agents');
    await operator.button('Keys', operator.row(name)).click();
    const dialog = operator.dialog(`Keys of ${name}`);
    await operator.button('Rotate', dialog).click();
    await operator.confirm('Rotate the key “key”?', 'Rotate');
    const shown = await dialog.locator('.shown-once code').textContent();
    expect([await token(api_key), await token(shown!)]).toEqual([200, 200]);
    await operator.button('Revoke', operator.row('Until')).click();
    await operator.page.getByText('It is refused from now on').waitFor();
    await operator.confirm('Revoke the key “key”?', 'Revoke');
    await operator.row('Revoked').waitFor();
    expect([await token(api_key), await token(shown!)]).toEqual([401, 200]);
  });

  it('creates, disables, enables, exports and erases people, and asks before', async () => {
    const [username, password] = [`p-${randomUUID().slice(0, 8)}`, 'a long password'];
    const login = async () =>
      (await rest(url, 'POST', '/auth/login', { body: { username, password } })).status;
    await operator.open(stack.adminKey);
    await operator.section('People');
    await operator.button('Create a person').click();
    const form = operator.dialog('Create a person');
    await form.getByLabel('Username').fill(username);
    await form.getByLabel('Password').fill(password);
    await operator.button('Create a person', form).click();
    await form.waitFor({ state: 'detached' });
    expect(await login()).toBe(200);

    await operator.page.getByLabel('Find by username').fill(username);
    await operator.button('Filter').click();
    const open = () => operator.button(username, operator.row(username)).click();
    const dialog = operator.dialog(username);
    await open();
    await dialog.getByRole('row').nth(1).waitFor();
    await operator.button('Sign-in link', dialog).click();
    await dialog.getByText('npm run admin -- login-link').waitFor();
    const [download] = await Promise.all([
      operator.page.waitForEvent('download'),
      operator.button('Export', dialog).click(),
    ]);
    const exported = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\n');
    expect(exported.map((line) => (JSON.parse(line) as { type: string }).type)).toContain('user');

    await operator.button('Disable', dialog).click();
    await operator.confirm(`Disable ${username}?`, 'Disable');
    await operator.row(username).getByText('Disabled').waitFor();
    expect(await login()).toBe(401);
    await open();
    await operator.button('Enable', dialog).click();
    await operator.row(username).getByText('Active').waitFor();
    expect(await login()).toBe(200);
    await open();
    await operator.button('End all sessions', dialog).click();
    await operator.confirm(`End all sessions of ${username}?`, 'End all sessions');
    await open();
    await dialog.getByText('Nothing here.').waitFor();
    await operator.button('Erase', dialog).click();
    await operator.confirm(`Erase ${username}?`, 'Erase');
    await operator.page.getByText('No people yet.').waitFor();
    expect(await login()).toBe(401);
  });

  it('shows who is connected, and ends a connection', async () => {
    const { access_token: token, user_id } = await createPerson(url);
    const socket = await openTestSocket('ws', url, '/client', { token }).synced();
    await operator.open(stack.adminKey);
    await operator.section('Connections');
    const row = operator.row(user_id);
    await operator.button('End', row).click();
    await operator.confirm(`End the connection of ${user_id}?`, 'End');
    await row.waitFor({ state: 'detached' });
    await socket.disconnected();
  });

  it('filters the audit log', async () => {
    const { id } = await createAgent(url, stack.adminKey);
    await operator.open(stack.adminKey);
    await operator.section('Audit log');
    await operator.page.getByLabel('Action').selectOption('agent.create');
    await operator.page.getByLabel('Id of who did it').fill(id);
    await operator.button('Filter').click();
    await operator.row(id).waitFor();
    await waitFor(async () => (await operator.page.getByRole('row').count()) === 2);
  });

  it('what answers an earlier filter is not shown under a later one', async () => {
    const { id } = await createAgent(url, stack.adminKey);
    await operator.open(stack.adminKey);
    await operator.section('Audit log');
    const { page } = operator;
    let answer = () => {};
    await page.route(/action=agent\.create/, async (route) => {
      await new Promise<void>((resolve) => (answer = resolve));
      await route.continue();
    });
    const asked = page.waitForRequest(/action=agent\.create/);
    await page.getByLabel('Action').selectOption('agent.create');
    await operator.button('Filter').click();
    await asked;
    await page.getByLabel('Action').selectOption('admin.authenticate');
    await page.getByLabel('Id of who did it').fill(id);
    await operator.button('Filter').click();
    const nothing = page.locator('.console-empty');
    await nothing.waitFor();
    const late = page.waitForResponse(/action=agent\.create/);
    answer();
    await (await late).finished();
    // Answered after it, and painted.
    await page.evaluate(`fetch('/health').then((answer) => answer.text())
      .then(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))`);
    expect(await nothing.count()).toBe(1);
    expect(await operator.row(id).count()).toBe(0);
  });

  it('pages that were asked for stay; one page is looked at again by itself', async () => {
    const { page } = operator;
    const connection = (n: number) => ({
      ...{ connection_id: `con_${n}`, identity_id: `usr_${n}`, status: 'online' },
      ...{ gateway_id: 'gw', credential_id: 'crd' },
    });
    let looks = 0;
    await page.route(/admin\/connections/, (route) => {
      const isSecond = route.request().url().includes('cursor=');
      if (!isSecond) looks += 1;
      const connections = [connection(isSecond ? 2 : 1)];
      return route.fulfill({ json: { connections, next_cursor: isSecond ? null : 'second' } });
    });
    await page.clock.install();
    await operator.open(stack.adminKey);
    await operator.section('Connections');
    await operator.row('usr_1').waitFor();
    await operator.button('Show more').click();
    await operator.row('usr_2').waitFor();
    const before = looks;
    await page.clock.runFor(11_000);
    await operator.row('usr_2').waitFor();
    expect(looks).toBe(before);
    await operator.refresh();
    await operator.row('usr_2').waitFor({ state: 'detached' });
    await operator.button('Show more').waitFor();
    const again = looks;
    await page.clock.runFor(6_000);
    await waitFor(() => looks > again);
  });

  it('puts given up pushes back into their queue', async () => {
    const queue = await givenUpPush(stack);
    await operator.open(stack.adminKey);
    await operator.section('Given up pushes');
    await operator.row('no such device').waitFor();
    await operator.button('Try all again').click();
    await operator.confirm('Try all of them again?', 'Try all again');
    await operator.page.getByText('1 put back into the queue').waitFor();
    await operator.page.getByText('No push was given up.').waitFor();
    expect(await queue.getWaitingCount()).toBe(1);
    await queue.close();
  });

  it('has nothing that axe finds wrong, light and dark, and fits on a phone', async () => {
    const { page } = watched;
    const found: string[] = [];
    const look = async () => {
      for (const [colorScheme, width] of [
        ['dark', 360],
        ['light', 1280],
      ] as const) {
        await page.setViewportSize({ width, height: 740 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        found.push(...(await accessibilityProblems(page)));
        // Nothing has to be scrolled sideways, but for tables and programs by themselves.
        const wide = await page.evaluate<number>(
          'document.documentElement.scrollWidth - innerWidth',
        );
        if (wide > 0) found.push(`${wide} px wider than the screen`);
      }
    };
    await page.goto(`${url}/admin/`);
    await page.getByLabel('Admin key').waitFor();
    await look();
    await operator.open(stack.adminKey);
    for (const name of SECTIONS) {
      await operator.section(name);
      await page
        .getByRole('main')
        .getByRole('region')
        .or(page.locator('.console-empty'))
        .first()
        .waitFor();
      await look();
    }
    await operator.section('Agents');
    await operator.button('Keys').first().click();
    await page.getByRole('dialog').getByRole('row').nth(1).waitFor();
    await look();
    await page.keyboard.press('Escape');
    await operator.button('Create an agent').click();
    await look();
    await page.getByRole('dialog').getByLabel('Name').fill('For axe');
    await page.keyboard.press('Enter');
    await page.locator('.snippet').waitFor();
    await look();
    expect(found).toEqual([]);
  }, 180_000);

  it('speaks German to who does', async () => {
    const german = await browser.newContext({ locale: 'de-DE' });
    const page = await german.newPage();
    await page.goto(`${url}/admin/`);
    await page.getByLabel('Admin-Schlüssel').fill(stack.adminKey);
    await page.getByRole('button', { name: 'Öffnen' }).click();
    await page.getByRole('heading', { name: 'Überblick' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    await german.close();
  });

  it('makes a sign-in link on an internal port, which the chat takes once', async () => {
    const { internalUrl } = await stack.addGateway({ env: { ADMIN_ROUTES: 'internal' } });
    operator = new ConsolePage(watched.page, internalUrl);
    await operator.open(stack.adminKey);
    await operator.section('People');
    await operator.button(person.username, operator.row(person.username)).click();
    await operator.button('Sign-in link', operator.dialog(person.username)).click();
    const fragment = await operator.page.locator('.shown-once code').textContent();
    const body = { code: fragment!.replace('#link=', '') };
    const redeem = () => rest(url, 'POST', '/auth/link', { body });
    expect(await redeem()).toMatchObject({ status: 200, body: { user_id: person.user_id } });
    expect((await redeem()).status).toBe(401);
  });
});
