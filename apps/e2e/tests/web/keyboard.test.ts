import type { Page } from 'playwright-core';
import { rest, waitFor } from '@agent-messenger/testkit';
import { describeInChromium } from '../browser/chromium';
import { ChatWorld } from './chat-world';

describeInChromium('the chat by keyboard alone', () => {
  let world: ChatWorld;
  let page: Page;

  beforeAll(async () => {
    world = await ChatWorld.start();
  }, 120_000);
  afterEach(async () => {
    await world.closeDevices();
    expect(world.complaints.splice(0)).toEqual([]);
  });
  afterAll(() => world.stop(), 60_000);

  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () =>
    page.evaluate<string>(
      `(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()`,
    );
  /** Goes on by Tab until what has the focus is called that. */
  const tabTo = async (name: string | RegExp, key = 'Tab') => {
    for (let steps = 0; steps < 40; steps++) {
      const now = await focused();
      if (typeof name === 'string' ? now === name : name.test(now)) return;
      await press(key);
    }
    throw new Error(`${String(name)} cannot be reached, only ${await focused()}`);
  };

  it('finds and opens conversations, and goes through them', async () => {
    const person = await world.person();
    for (const title of ['Alpha', 'Beta', 'Gamma']) {
      await world.conversation(person, world.echo, title);
    }
    page = await world.signedIn(await world.device(), person);
    await page.getByRole('link', { name: 'Alpha' }).waitFor();
    await press('Control+k');
    await page.keyboard.type('alp');
    await press('Enter');
    await page.getByRole('heading', { name: 'Alpha', level: 1 }).waitFor();
    await waitFor(async () => (await focused()) === 'Message');
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('');
    await press('Control+k', 'Escape');
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
    // The newest first: below Beta is Alpha.
    await tabTo(/Alpha/);
    await press('ArrowUp');
    await waitFor(async () => /Beta/.test(await focused()));
    await press('ArrowUp');
    await waitFor(async () => /Gamma/.test(await focused()));
    await press('Enter');
    await page.getByRole('heading', { name: 'Gamma', level: 1 }).waitFor();
  }, 60_000);

  it('reacts, replies, edits, deletes, stops and chooses', async () => {
    const person = await world.person();
    const { agent, socket } = await world.agent('Ada');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    page = await world.signedIn(await world.device(), person);
    await page.getByRole('link', { name: 'Ada' }).focus();
    await press('Enter');
    await waitFor(async () => (await focused()) === 'Message');
    await page.keyboard.type('one');
    await press('Shift+Enter');
    await page.keyboard.type('two');
    await press('Enter');
    await page.locator('.message.is-own:not(.is-unsent)', { hasText: 'two' }).waitFor();
    await waitFor(() => socket.contents.includes('one\ntwo'));
    await press('ArrowUp');
    await page.getByText('Editing your message').waitFor();
    await press('Control+a');
    await page.keyboard.type('three');
    await press('Enter');
    await page.getByText('edited').waitFor();

    const stream = { conversation_id: id, stream_id: 'one' };
    await socket.request('stream:start', stream);
    await socket.raw('stream:append', { ...stream, offset: 0, text: 'Well' });
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await tabTo('Stop', 'Shift+Tab');
    await press('Enter');
    await socket.when('stream:stop');
    const actions = [{ id: 'yes', label: 'Yes' }];
    await socket.request('stream:end', { ...stream, offset: 4, actions });
    await page.getByRole('button', { name: 'Yes' }).waitFor();
    await page.getByLabel('Message', { exact: true }).focus();
    await tabTo('Yes', 'Shift+Tab');
    await press('Enter');
    await page.getByText('chose “Yes”').waitFor();

    // Arrow keys go through the messages; Tab to what can be done with one.
    await page.getByLabel('Message', { exact: true }).focus();
    await tabTo('Messages', 'Shift+Tab');
    await press('ArrowUp');
    await tabTo('React');
    await press('Enter');
    await waitFor(async () => (await focused()) === 'React with 👍');
    await press('Enter');
    await page.getByRole('button', { name: /^👍 1 from/ }).waitFor();
    await page.getByRole('log').focus();
    await press('ArrowUp');
    await tabTo('Reply');
    await press('Enter');
    await page.getByText('Reply to Ada').waitFor();
    await press('Escape');
    await page.getByText('Reply to Ada').waitFor({ state: 'detached' });
    await page.getByRole('log').focus();
    await press('ArrowUp', 'ArrowUp');
    await tabTo('Delete');
    await press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo('Delete');
    await press('Enter');
    await page.getByText('Message deleted').last().waitFor();
    socket.close();
  }, 60_000);

  it('gives the focus to what it shows in the same step, for those who type quickly', async () => {
    const person = await world.person();
    for (const title of ['Alpha', 'Beta', 'Gamma']) {
      await world.conversation(person, world.echo, title);
    }
    page = await world.signedIn(await world.device(), person);
    await page.getByRole('link', { name: 'Gamma' }).click();
    await waitFor(async () => (await focused()) === 'Message');
    await page.keyboard.type('mine');
    await press('Enter');
    const mine = page.locator('.message.is-own:not(.is-unsent)', { hasText: 'mine' });
    await mine.waitFor();
    /** What has the focus then, before the browser paints or takes another key. */
    const focusedAfter = (what: string) =>
      page.evaluate<string>(`(async () => {
        ${what};
        for (let turns = 0; turns < 50; turns += 1) await null;
        const { activeElement } = document;
        return activeElement.value || activeElement.getAttribute('aria-label') || activeElement.textContent.trim();
      })()`);
    const clicked = (name: string) =>
      focusedAfter(`document.querySelector('button[aria-label="${name}"]').click()`);
    await mine.focus();
    expect(await clicked('React')).toBe('React with 👍');
    await press('Escape');
    expect(await clicked('Reply')).toBe('Message');
    await press('Escape');
    await mine.focus();
    expect(await clicked('Edit')).toBe('mine');
    await press('Escape');
    expect(await clicked('More')).toBe('Mute');
    await press('Escape');
    // A key that is held down comes more than once between two frames.
    await page.getByRole('link', { name: 'Gamma' }).focus();
    const down = `document.activeElement.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true }))`;
    expect(await focusedAfter(`${down}; ${down}`)).toMatch(/Alpha/);
  }, 60_000);

  it('menu, dialogs and settings open, close, and give the focus back', async () => {
    const person = await world.person();
    await world.conversation(person, world.echo);
    page = await world.signedIn(await world.device(), person);
    await page.getByRole('link', { name: 'Echo' }).focus();
    await press('Enter');
    await waitFor(async () => (await focused()) === 'Message');
    await tabTo('More', 'Shift+Tab');
    await press('Enter');
    await waitFor(async () => (await focused()) === 'Mute');
    await press('ArrowDown', 'ArrowDown');
    expect(await focused()).toBe('Rename');
    await press('Escape');
    expect(await focused()).toBe('More');
    await press('Enter');
    await waitFor(async () => (await focused()) === 'Mute');
    await press('ArrowUp', 'ArrowUp', 'ArrowUp', 'Enter');
    await page.getByLabel('Title').fill('Named');
    await press('Enter');
    await page.getByRole('heading', { name: 'Named', level: 1 }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('More');

    await tabTo('Settings', 'Shift+Tab');
    await press('Enter');
    await page.getByRole('dialog').waitFor();
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Settings');
    await press('Enter');
    await tabTo('Sign out');
    await press('Enter');
    await page.getByRole('dialog').nth(1).waitFor();
    await tabTo('Sign out');
    await press('Enter');
    await page.getByLabel('Username').waitFor();
  }, 60_000);

  it('changes the password, with the present one; other devices are signed out', async () => {
    const person = await world.person();
    const other = await world.signedIn(await world.device(), person);
    page = await world.signedIn(await world.device(), person);
    await tabTo('Settings');
    await press('Enter');
    await tabTo('Change password');
    await press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Change password' });
    await dialog.waitFor();
    await page.keyboard.type('not this one');
    await press('Tab');
    await page.keyboard.type('another long one');
    await press('Enter');
    await dialog.getByText('The present password is another one.').waitFor();
    expect(await world.faults(page)).toEqual([]);
    await dialog.getByLabel('Present password').fill(person.password);
    await press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(await focused()).toBe('Change password');

    const login = async (password: string) => {
      const body = { username: person.username, password };
      return (await rest(world.url, 'POST', '/auth/login', { body })).status;
    };
    expect([await login(person.password), await login('another long one')]).toEqual([401, 200]);
    await other.getByRole('button', { name: 'Use here' }).click();
    await other.getByText('You were signed out.').waitFor();
  }, 60_000);
});
