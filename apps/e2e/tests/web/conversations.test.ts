/// <reference lib="dom" />
import { rest, waitFor, type Person } from '@agent-messenger/testkit';
import type { Page } from 'playwright-core';
import { describeInChromium } from '../browser/chromium';
import { ChatWorld, message, say } from './chat-world';

describeInChromium('the list of conversations', () => {
  let world: ChatWorld;
  let person: Person;
  let page: Page;

  beforeAll(async () => {
    world = await ChatWorld.start();
  }, 120_000);
  beforeEach(async () => {
    person = await world.person();
  });
  afterEach(async () => {
    world.network.heal();
    await world.closeDevices();
    expect(world.complaints.splice(0)).toEqual([]);
  });
  afterAll(() => world.stop(), 60_000);

  const row = (name: string) => page.getByRole('navigation').getByRole('link', { name });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const choose = async (item: string) => {
    await page.getByRole('main').getByRole('button', { name: 'More' }).first().click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  /** As the server has it. */
  const stored = async (id: string) => {
    const bearer = person.access_token;
    return (await rest(world.url, 'GET', `/conversations/${id}`, { bearer })).body;
  };

  it('shows presence, what an agent does, the last message, and what is unread', async () => {
    const { agent, socket } = await world.agent('Ada');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    page = await world.signedIn(await world.device(), person);
    await row('Ada').getByText('online').waitFor({ state: 'attached' });
    await row('Ada').getByText('No messages yet').waitFor();
    await socket.raw('activity', { conversation_id: id, state: 'using_tool', label: 'search' });
    await row('Ada').getByText('uses search').waitFor();
    const stream = { conversation_id: id, stream_id: 'one' };
    await socket.request('stream:start', stream);
    await row('Ada').getByText('writes …').waitFor();
    await socket.raw('stream:append', { ...stream, offset: 0, text: '**All** is well' });
    await socket.request('stream:end', { ...stream, offset: 15 });
    await socket.raw('activity', { conversation_id: id, state: null });
    await row('Ada').getByText('All is well').waitFor();
    await row('Ada').getByText('1 unread').waitFor({ state: 'attached' });
    await waitFor(async () => (await page.title()).startsWith('(1) '), { describe: 'the title' });
    await button('Unread').click();
    await row('Ada').click();
    await message(page, 'All is well').waitFor();
    await page.getByText('You have read everything.').waitFor();
    await waitFor(async () => !(await page.title()).includes('('));
    socket.close();
    await page.getByText('offline').first().waitFor({ state: 'attached' });
  }, 60_000);

  it('mutes, renames, tags, archives and deletes; the filter finds by title, name and tag', async () => {
    const id = await world.conversation(person, world.echo, 'Müller & Co');
    await world.conversation(person, world.echo, 'Other');
    page = await world.signedIn(await world.device(), person);
    await row('Müller').click();
    await choose('Mute');
    await row('Müller').locator('[title="Muted"]').waitFor();
    await choose('Rename');
    await page.getByLabel('Title').fill('Bäcker');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Bäcker', level: 1 }).waitFor();
    await choose('Tags');
    await page.getByRole('textbox', { name: 'Tags' }).fill('urgent, customers');
    await page.keyboard.press('Enter');
    await row('Bäcker').getByText('customers').waitFor();
    const changed = { title: 'Bäcker', muted: true, tags: ['urgent', 'customers'] };
    expect(await stored(id)).toMatchObject(changed);

    const filter = page.getByRole('searchbox');
    for (const [query, rows] of [
      ['backer', 1],
      ['CUSTOM', 1],
      ['echo', 2],
      ['echo urgent', 1],
    ] as const) {
      await filter.fill(query);
      await waitFor(async () => (await page.locator('.row').count()) === rows);
    }
    await filter.fill('');
    await choose('Archive');
    await row('Bäcker').waitFor({ state: 'detached' });
    await button('Archived').click();
    await row('Bäcker').waitFor();
    await choose('Take out of the archive');
    await page.getByText('Nothing is archived.').waitFor();
    await button('All').click();
    await choose('Delete conversation');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete conversation' }).click();
    await row('Bäcker').waitFor({ state: 'detached' });
    await page.getByText('Choose a conversation').waitFor();
    expect(await stored(id)).toMatchObject({ code: 'not_found' });
    await row('Other').waitFor();
  }, 60_000);

  it('without a connection it says that a change was not made', async () => {
    await world.conversation(person, world.echo, 'Müller');
    page = await world.signedIn(await world.device(), person);
    await row('Müller').click();
    await page.getByText('Say something').waitFor();
    world.network.cut();
    await page.getByText('Connection lost').waitFor();
    await choose('Mute');
    await page.getByText('The server cannot be reached.').waitFor();
    await choose('Rename');
    await page.getByLabel('Title').fill('Bäcker');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The server cannot be reached.').waitFor();
    world.network.heal();
    await page.getByText('Connection lost').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Save' }).click();
    await row('Bäcker').waitFor();
    expect(await row('Bäcker').locator('[title="Muted"]').count()).toBe(0);
  }, 90_000);

  it('what was read while there was no connection is shown after it', async () => {
    const { agent, socket } = await world.agent('Ada');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    page = await world.signedIn(await world.device(), person);
    await row('Ada').click();
    await say(page, 'Look at this');
    await message(page, 'Look at this')
      .getByText('Sent', { exact: true })
      .waitFor({ state: 'attached' });
    world.network.cut();
    await page.getByText('Connection lost').waitFor();
    expect(await socket.request('read', { conversation_id: id, seq: 2 })).toMatchObject({
      ok: true,
    });
    world.network.heal();
    const read = message(page, 'Look at this').getByText('Read', { exact: true });
    await read.waitFor({ state: 'attached' });
    socket.close();
  }, 60_000);

  it('drafts are in the list; what is new since the last visit has a line before it', async () => {
    const { agent, socket } = await world.agent('Ada');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    await world.conversation(person, world.echo);
    page = await world.signedIn(await world.device(), person);
    await row('Ada').click();
    await say(page, 'Until here it is read');
    await message(page, 'Until here')
      .getByText('Sent', { exact: true })
      .waitFor({ state: 'attached' });
    const read = await socket.request('read', { conversation_id: id, seq: 2 });
    expect(read).toMatchObject({ ok: true });
    await message(page, 'Until here')
      .getByText('Read', { exact: true })
      .waitFor({ state: 'attached' });
    await page.getByLabel('Message', { exact: true }).fill('half a thought');
    await row('Echo').click();
    await row('Ada').getByText('half a thought').waitFor();
    for (const n of [1, 2, 3]) await socket.send(id, `new-${n}`, `news ${n}`);
    await row('Ada').getByText('3 unread').waitFor({ state: 'attached' });
    await row('Ada').click();
    const line = page.locator('.message-row', { hasText: 'New messages' });
    await line.getByText('news 1').waitFor();
    await page.locator('.day-line', { hasText: 'Today' }).waitFor();
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('half a thought');
    socket.close();
  }, 60_000);

  it('nothing jumps while a page and what is in it come', async () => {
    const { agent, socket } = await world.agent('Ada');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    for (let n = 0; n < 12; n++) await world.conversation(person, world.echo, `Topic ${n}`);
    for (let n = 0; n < 30; n++) await socket.send(id, `line-${n}`, `Line ${n}`);
    const context = await world.device();
    await context.addInitScript(observeShifts);
    page = await world.signedIn(context, person);
    await row('Topic 3').waitFor();
    await page.goto(`${world.url}/#${id}`);
    await page.reload();
    await message(page, 'Line 29').waitFor();
    // That may be what the browser kept; what an agent does is told to who is connected.
    await page.locator('[data-state="online"]').waitFor({ state: 'attached' });
    await socket.raw('activity', { conversation_id: id, state: 'thinking' });
    await page.getByText('Ada: thinks').waitFor();
    const stream = { conversation_id: id, stream_id: 'one' };
    await socket.request('stream:start', stream);
    const text = 'Word by word.\n\n'.repeat(8);
    await socket.raw('stream:append', { ...stream, offset: 0, text });
    await message(page, 'Word by word').waitFor();
    await socket.request('stream:end', { ...stream, offset: text.length });
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' });
    expect(await page.evaluate('shifts')).toEqual([]);
    socket.close();
  }, 60_000);

  it('code is copied as it is', async () => {
    const { agent, socket } = await world.agent('Ada');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    await socket.send(id, 'code', '```sh\necho "<b>" && ls\n```');
    const context = await world.device();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    page = await world.signedIn(context, person);
    await row('Ada').click();
    await page.locator('.code').getByRole('button', { name: 'Copy' }).click();
    await page.locator('.code').getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied.trim()).toBe('echo "<b>" && ls');
    socket.close();
  }, 60_000);
});

/** Notes as `shifts` what moves without the person having done anything, if it is more than a hair's breadth. */
function observeShifts(): void {
  interface Shift extends PerformanceEntry {
    value: number;
    hadRecentInput: boolean;
    sources: { node: Node | null; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
  }
  const shifts: string[] = [];
  Object.assign(globalThis, { shifts });
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries() as Shift[]) {
      if (hadRecentInput || value < 0.001) continue;
      const nodes = sources.map(({ node, previousRect: from, currentRect: to }) => {
        const moved = `${Math.round(from.top)}-${Math.round(from.bottom)} to ${Math.round(to.top)}-${Math.round(to.bottom)}`;
        return `${(node as Element | null)?.className} ${moved}`;
      });
      shifts.push(`${value.toFixed(4)}: ${nodes.join(', ')}`);
    }
  }).observe({ type: 'layout-shift', buffered: true });
}
