/// <reference lib="dom" />
import { connectClient } from '@agent-messenger/sdk';
import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describeInChromium } from '../browser/chromium';
import { ChatWorld, message, say } from './chat-world';
import { ANSWER, LONG } from './long-answer';

interface View {
  name: string;
  colorScheme: 'light' | 'dark';
  width: number;
  /** Size of text, as a person sets it in the browser, %. */
  text: number;
}
const VIEWS: View[] = [
  { name: 'light, on a wide screen', colorScheme: 'light', width: 1440, text: 100 },
  { name: 'dark, on a phone, twice the size of text', colorScheme: 'dark', width: 360, text: 200 },
];
/** As a gateway has it at least. */
const STREAM_RESUME_MS = '1000';

let world: ChatWorld;

describeInChromium('what everybody can use', () => {
  beforeAll(async () => {
    world = await ChatWorld.start({ env: { gateway: { STREAM_RESUME_MS } } });
  }, 120_000);
  afterAll(() => world.stop(), 60_000);
  afterEach(async () => {
    world.network.heal();
    await world.closeDevices();
    expect(world.complaints.splice(0)).toEqual([]);
  });

  describe.each(VIEWS)('$name', statesIn);

  it('things move only for who likes that', async () => {
    const person = await world.person();
    const { agent, socket } = await world.agent('Writer');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    const page = await world.signedIn(await world.device(), person);
    await page.getByRole('link', { name: 'Writer' }).click();
    await page.getByText('Say something').waitFor();
    const stream = { conversation_id: id, stream_id: 'one' };
    await socket.raw('activity', { conversation_id: id, state: 'thinking' });
    await socket.request('stream:start', stream);
    await socket.raw('stream:append', { ...stream, offset: 0, text: 'Well' });
    await message(page, 'Well').waitFor();
    await page.getByText('Writer: thinks').waitFor();
    const endless = () =>
      page.evaluate(
        () =>
          document
            .getAnimations()
            .filter(({ effect }) => effect?.getTiming().iterations === Infinity).length,
      );
    expect(await endless()).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await endless()).toBeGreaterThan(0);
    socket.close();
  }, 180_000);
});

function statesIn(view: View): void {
  let page: Page;
  /** What is wrong, by state. */
  let found: Record<string, string[]>;

  beforeEach(async () => {
    const { colorScheme, width } = view;
    const context = await world.device({ colorScheme, viewport: { width, height: 740 } });
    page = await context.newPage();
    found = {};
  });

  async function open(address: string): Promise<void> {
    await page.goto(address);
    await page.evaluate((size) => {
      document.documentElement.style.fontSize = `${size}%`;
    }, view.text);
  }
  async function look(state: string): Promise<void> {
    const faults = await world.faults(page);
    // Nothing has to be scrolled sideways, but for tables and code by themselves.
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) faults.push(`${wide} px wider than the screen`);
    if (faults.length > 0) found[state] = faults;
  }
  const button = (name: string, within: Page | ReturnType<Page['getByRole']> = page) =>
    within.getByRole('button', { name, exact: true });
  const dialog = () => page.getByRole('dialog').last();
  const close = () => page.keyboard.press('Escape');
  const isPhone = view.width < 720;

  it('signing in and up, with what can go wrong', async () => {
    await open(world.url);
    await page.getByLabel('Username').fill('nobody');
    await look('sign in');
    await page.getByLabel('Password').fill('wrong-password');
    await button('Sign in').click();
    await page.getByText('Username or password is wrong.').waitFor();
    await look('refused');
    await button('Create an account').click();
    await page.getByText('3 to 32 letters').waitFor();
    await page.getByLabel('Password').fill('short');
    await button('Create an account').click();
    await page.getByText('does not fit').waitFor();
    await look('sign up refused');
    await page.getByLabel('Username').fill(`p-${randomBytes(6).toString('hex')}`);
    await page.getByLabel('Password').fill('tangerine-flute-9');
    await button('Create an account').click();
    await page.getByText('No conversations yet').waitFor();
    await look('no conversations');
    await button('New conversation').last().click();
    await page.getByRole('button', { name: 'Echo' }).waitFor();
    await look('choosing an agent');
    await page.getByRole('button', { name: 'Echo' }).click();
    await page.getByText('Say something').waitFor();
    await look('no messages');
    expect(found).toEqual({});
  }, 180_000);

  it('an answer from its first word to its choices, or to its failure', async () => {
    const person = await world.person();
    const { agent, socket } = await world.agent('Research');
    const id = (await world.conversation(person, agent, LONG)) as `cnv_${string}`;
    await open(await world.loginLink(person));
    await page.getByRole('link', { name: LONG }).click();
    await say(page, 'Tell me');
    await message(page, 'Tell me').waitFor();
    const at = { conversation_id: id };
    await socket.raw('activity', { ...at, state: 'using_tool', label: 'search' });
    await page.getByText('Research: uses search').waitFor();
    const stream = { ...at, stream_id: 'stream-1' };
    await socket.request('stream:start', stream);
    await socket.raw('stream:append', { ...stream, offset: 0, text: ANSWER });
    await page.getByText('quoted').waitFor();
    await look('an answer that is being written');
    const actions = [
      { id: 'more', label: 'Tell me more', style: 'primary' as const },
      { id: 'stop', label: 'That is enough', style: 'danger' as const },
      { id: 'else', label: 'Something else' },
    ];
    const usage = { input_tokens: 1200, output_tokens: 88, model: 'small' };
    const end = { ...stream, offset: ANSWER.length, metadata: { usage }, actions };
    await socket.request('stream:end', end);
    await page.locator('.hljs-keyword').first().waitFor();
    await button('Something else').waitFor();
    await look('choices that are open');
    await button('Tell me more').click();
    await page.getByText('chose “Tell me more”').waitFor();

    // Not before it is on the screen, however busy the machine.
    const actions_expire_at = new Date(Date.now() + 10_000).toISOString();
    const choice = {
      ...at,
      client_id: 'c-1',
      content: 'Now or never?',
      actions,
      actions_expire_at,
    };
    expect(await socket.request('message:send', choice)).toMatchObject({ ok: true });
    await button('That is enough').waitFor();
    // Without anything that happens but time.
    await page.getByText('No longer open').waitFor();
    await button('That is enough').waitFor({ state: 'detached' });

    const failed = { ...at, client_id: 'f-1', content: '', error: 'no capacity' };
    await socket.request('message:send', { ...failed, state: 'failed' });
    await page.getByText('The answer failed: no capacity').waitFor();
    const lost = { ...at, stream_id: 'stream-2' };
    await socket.request('stream:start', lost);
    await socket.raw('stream:append', { ...lost, offset: 0, text: 'It is' });
    await message(page, 'It is').waitFor();
    socket.close();
    await page.getByText('The answer was interrupted').waitFor();
    await message(page, 'It is').getByRole('button', { name: 'Ask again' }).waitFor();
    await look('answers that failed and choices that were made or not');
    expect(found).toEqual({});
  }, 180_000);

  it('all that can be done with messages and conversations', async () => {
    const person = await world.person();
    await world.conversation(person, world.echo);
    await open(await world.loginLink(person));
    await page.getByRole('link', { name: 'Echo' }).click();
    await say(page, 'first');
    await message(page, 'You said: first').waitFor();
    await message(page, 'You said: first').hover();
    await look('a message under the pointer');
    await button('React').click();
    await look('reactions to choose from');
    await button('React with 🎉').click();
    await page.getByRole('button', { name: /^🎉 1 from/ }).waitFor();
    await message(page, 'You said: first').hover();
    await button('Reply').click();
    await page.getByText('Reply to Echo').waitFor();
    await look('a reply is written');
    await say(page, 'an answer');
    await page.locator('.message.is-own .quote').waitFor();
    // What comes in between would push away what is pointed at.
    await message(page, 'You said: an answer').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.getByText('Editing your message').waitFor();
    await say(page, 'another answer');
    await page.getByText('edited').waitFor();
    await page.locator('.message.is-own').first().hover();
    await button('Delete').click();
    await look('a question before something is deleted');
    await button('Delete', dialog()).click();
    await page.getByText('Message deleted').last().waitFor();
    await look('a message that was deleted');
    await button('More').first().click();
    await look('the menu');
    await page.getByRole('menuitem', { name: 'Tags' }).click();
    await look('tags');
    await close();
    if (isPhone) await button('Back').click();
    await look('the list');
    await page.getByRole('searchbox').fill('nothing has this');
    await page.getByText('Nothing matches').waitFor();
    await look('nothing found');
    await button('Settings').click();
    await page.getByText('Notifications').waitFor();
    await look('settings');
    expect(found).toEqual({});
  }, 180_000);

  it('without a network, when another device took over, and when the login has ended', async () => {
    const person = await world.person();
    await world.conversation(person, world.echo);
    await open(await world.loginLink(person));
    await page.getByRole('link', { name: 'Echo' }).click();
    await page.getByText('Say something').waitFor();
    world.network.cut();
    await page.getByText('Connection lost').waitFor();
    await say(page, 'while away');
    await page.getByText('Waiting to be sent').waitFor({ state: 'attached' });
    await look('no network');
    world.network.heal();
    await message(page, 'You said: while away').waitFor();
    const { username, password } = person;
    const phone = await connectClient({ url: world.url, username, password });
    await button('Use here').waitFor();
    await look('another device took over');
    await phone.close({ deadlineMs: 0 });
    await button('Use here').click();
    await button('Use here').waitFor({ state: 'detached' });
    await world.endSessions(person);
    await page.getByText('You were signed out.').waitFor();
    await look('signed out by the server');
    expect(found).toEqual({});
  }, 180_000);
}
