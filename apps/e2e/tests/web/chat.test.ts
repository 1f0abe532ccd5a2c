/// <reference lib="dom" />
import { inParallel, rest, waitFor } from '@agent-messenger/testkit';
import { describeInChromium } from '../browser/chromium';
import { picture } from '../browser/picture';
import { ChatWorld, message, say } from './chat-world';

const ANSWER = [
  'Here is **what I found**:',
  '| City | People |\n|---|---:|\n| Berlin | 3,700,000 |\n| Bonn | 330,000 |',
  '```ts\nexport const answer: number = 42;\n```',
  'See [the page](https://example.org/a) and <img src="https://example.org/x.png" onerror="alert(1)"> <script>alert(2)</script>',
].join('\n\n');

describeInChromium('the chat in Chromium', () => {
  let world: ChatWorld;
  beforeAll(async () => {
    world = await ChatWorld.start();
  }, 120_000);
  afterEach(async () => {
    world.network.heal();
    await world.closeDevices();
    const heard = world.complaints.splice(0);
    expect({ heard, strangers: world.strangers.splice(0) }).toEqual({ heard: [], strangers: [] });
  });
  afterAll(() => world.stop(), 60_000);

  it('a person signs up, opens a conversation and has an answer, by keyboard alone', async () => {
    const context = await world.device({ colorScheme: 'light' });
    const page = await context.newPage();
    await page.goto(world.url);
    // It has the focus, for which a browser takes until it paints.
    await page.locator('input[name="username"]:focus').waitFor();
    await picture(page, 'sign-in');
    await page.keyboard.type('nobody');
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong-password-1');
    await page.keyboard.press('Enter');
    await page.getByText('Username or password is wrong.').waitFor();
    await page.getByRole('button', { name: 'Create an account' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Username').fill('grace');
    await page.getByLabel('Password').fill('tangerine-flute-9');
    await page.keyboard.press('Enter');
    await page.getByText('No conversations yet').waitFor();
    await page.getByRole('button', { name: 'New conversation' }).last().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Echo' }).waitFor();
    await page.getByRole('button', { name: 'Echo' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Say something').waitFor();
    await page.keyboard.type('hello');
    await page.keyboard.press('Enter');
    await message(page, 'You said: hello').waitFor();
    await message(page, 'hello').first().getByText('Delivered').waitFor({ state: 'attached' });
    // The access token stays in memory: what the browser keeps has a refresh token only.
    const kept = await page.evaluate(keptTokens);
    expect(kept).toMatchObject({ access_token: '', refresh_token: expect.any(String) as string });
  }, 60_000);

  it('a link signs in once, and its code leaves the address at once', async () => {
    const person = await world.person();
    const link = await world.loginLink(person);
    const page = await (await world.device()).newPage();
    await page.goto(link);
    await page.getByText('No conversations yet').waitFor();
    expect(page.url()).toBe(`${world.url}/`);
    const other = await (await world.device({ locale: 'de-DE' })).newPage();
    await other.goto(link);
    await other.getByText('Dieser Link wurde schon benutzt').waitFor();
  }, 60_000);

  it('shows an answer while it is written, stops it, and lets choose', async () => {
    const person = await world.person();
    const { agent, socket } = await world.agent('Research');
    const id = (await world.conversation(person, agent, 'Cities')) as `cnv_${string}`;
    const page = await world.signedIn(await world.device({ colorScheme: 'dark' }), person);
    await page.getByRole('link', { name: 'Cities' }).click();
    await say(page, 'Tell me about cities');
    await message(page, 'Tell me about cities').waitFor();

    const stream = { conversation_id: id, stream_id: 'stream-1' };
    expect(await socket.request('stream:start', stream)).toMatchObject({ ok: true, offset: 0 });
    await socket.raw('stream:append', { ...stream, offset: 0, text: ANSWER });
    await page.getByRole('cell', { name: '3,700,000' }).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await socket.when('stream:stop');
    const actions = [
      { id: 'more', label: 'Tell me more', style: 'primary' as const },
      { id: 'done', label: 'That is enough' },
    ];
    const metadata = { usage: { input_tokens: 1200, output_tokens: 88, model: 'small' } };
    const end = { ...stream, offset: ANSWER.length, metadata, actions };
    expect(await socket.request('stream:end', end)).toMatchObject({ ok: true });
    await page.getByText('small · 1,200 tokens read, 88 written').waitFor();
    expect(await page.locator('.message', { hasText: 'what I found' }).count()).toBe(1);
    await page.locator('.hljs-keyword').first().waitFor();
    // Nothing of another server, no script, no handler: text and links.
    expect(await page.locator('.markdown :is(img, script, [onerror])').count()).toBe(0);
    const href = page.getByRole('link', { name: 'the page', exact: true });
    expect(await href.getAttribute('rel')).toContain('noopener');
    await picture(page, 'answer-dark');

    await page.getByRole('button', { name: 'Tell me more' }).click();
    await page.getByText('chose “Tell me more”').waitFor();
    const failed = { conversation_id: id, client_id: 'failed-1', content: '' };
    await socket.request('message:send', { ...failed, state: 'failed', error: 'no capacity' });
    await page.getByText('The answer failed: no capacity').waitFor();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await waitFor(
      () => socket.contents.filter((each) => each === 'Tell me about cities').length === 2,
    );
    socket.close();
  }, 60_000);

  it('edits, answers, reacts and deletes; a narrow page shows one of list and messages', async () => {
    const person = await world.person();
    await world.conversation(person, world.echo);
    const narrow = { viewport: { width: 360, height: 740 } };
    const page = await world.signedIn(await world.device(narrow), person);
    await page.getByRole('link', { name: 'Echo' }).click();
    await say(page, 'frist');
    await message(page, 'You said: frist').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.getByText('Editing your message').waitFor();
    await say(page, 'first');
    await message(page, 'edited').waitFor();
    await message(page, 'You said').hover();
    await page.getByRole('button', { name: 'React' }).click();
    await page.getByRole('button', { name: 'React with 👍' }).click();
    await page.getByRole('button', { name: /^👍 1 from/ }).waitFor();
    await message(page, 'You said').hover();
    await page.getByRole('button', { name: 'Reply' }).click();
    await say(page, 'an answer');
    await page.locator('.message.is-own .quote', { hasText: 'Echo' }).waitFor();
    // What comes in between would push away what is pointed at.
    await message(page, 'You said: an answer').waitFor();
    await page.locator('.message.is-own', { hasText: 'an answer' }).hover();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Message deleted').last().waitFor();
    await picture(page, 'phone');
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByRole('searchbox', { name: 'Filter' }).waitFor();
  }, 60_000);

  it('what one writes is seen before it is written down, and is in the field again when it cannot be', async () => {
    const person = await world.person();
    await world.conversation(person, world.echo);
    const page = await world.signedIn(await world.device(), person);
    await page.getByRole('link', { name: 'Echo' }).click();
    const release = await page.evaluateHandle(holdUnsent);
    await say(page, 'at once');
    await message(page, 'at once').waitFor();
    expect(await message(page, 'You said').count()).toBe(0);
    await release.evaluate((go) => go());
    await message(page, 'You said: at once').waitFor();
    await page.evaluate(() => {
      IDBObjectStore.prototype.add = () => {
        throw new DOMException('The disk is full.', 'QuotaExceededError');
      };
    });
    await say(page, 'not lost');
    await page.getByText('The disk is full.').waitFor();
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('not lost');
    expect(await message(page, 'not lost').count()).toBe(0);
  }, 60_000);

  it('history comes while one scrolls, nothing jumps, and only what is near is in the page', async () => {
    const person = await world.person();
    const { agent, socket } = await world.agent('Historian');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    const content = (n: number) =>
      n % 7 === 0 ? `Line ${n}\n\n${'words '.repeat(90)}` : `Line ${n}`;
    // More than a page keeps in memory.
    const last = 1_200;
    await inParallel(Array.from({ length: last }), (_, index) =>
      socket.send(id, `h-${index + 1}`, content(index + 1)),
    );
    const bearer = person.access_token;
    const { body } = await rest(world.url, 'GET', `/conversations/${id}`, { bearer });
    const { last_seq: seq } = body as { last_seq: number };
    await rest(world.url, 'POST', `/conversations/${id}/read`, { bearer, body: { seq } });
    const page = await world.signedIn(await world.device(), person);
    await page.getByRole('link', { name: 'Historian' }).click();
    await message(page, `Line ${last}`).waitFor();
    const log = page.getByRole('log');
    expect(await log.evaluate(jumpsOf, { step: -400, until: 'Line 1' })).toEqual([]);
    expect(await page.locator('.message').count()).toBeLessThan(60);
    expect(await log.evaluate(jumpsOf, { step: 400, until: `Line ${last}` })).toEqual([]);
    expect(await log.evaluate(jumpsOf, { step: -500, until: 'Line 1' })).toEqual([]);
    // The end is far away, and not in memory: whoever writes is there at once.
    await say(page, 'From the beginning');
    await message(page, 'From the beginning').waitFor();
    await message(page, `Line ${last}`).waitFor();
    socket.close();
  }, 180_000);

  it('who is at the end stays there when the window becomes lower, and what they write longer', async () => {
    const person = await world.person();
    const { agent, socket } = await world.agent('Narrator');
    const id = (await world.conversation(person, agent)) as `cnv_${string}`;
    for (let n = 1; n <= 30; n += 1) await socket.send(id, `n-${n}`, `Line ${n}`);
    const page = await world.signedIn(await world.device(), person);
    await page.setViewportSize({ width: 1_000, height: 700 });
    await page.getByRole('link', { name: 'Narrator' }).click();
    const atEnd = () =>
      page
        .getByRole('log')
        .evaluate((log) => log.scrollHeight - log.clientHeight - log.scrollTop < 2);
    await message(page, 'Line 30').waitFor();
    // What came while nobody looked is begun at: from here on the person is at its end.
    await page.getByRole('log').evaluate((log) => void (log.scrollTop = log.scrollHeight));
    await waitFor(atEnd);
    await page.setViewportSize({ width: 1_000, height: 450 });
    await waitFor(atEnd);
    await page.getByLabel('Message', { exact: true }).fill('one\ntwo\nthree\nfour\nfive\nsix');
    await waitFor(atEnd);
    await socket.send(id, 'n-31', 'Line 31');
    await message(page, 'Line 31').waitFor();
    await waitFor(atEnd);
    socket.close();
  }, 60_000);
});

/**
 * Scrolls a step in each frame until that message can be seen; tells of each frame in which a row that stayed in view
 * was painted elsewhere than the step had to bring it.
 */
async function jumpsOf(
  log: HTMLElement,
  { step, until }: { step: number; until: string },
): Promise<string[]> {
  const inView = () => {
    const { top, bottom } = log.getBoundingClientRect();
    const rows = Array.from(log.querySelectorAll<HTMLElement>('.message'));
    const places = rows.map((row) => ({ row, place: row.getBoundingClientRect() }));
    return places.filter(({ place }) => place.bottom > top && place.top < bottom);
  };
  const painted = () =>
    new Promise<void>((resolve) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve();
        port2.postMessage(null);
      }),
    );
  const jumps: string[] = [];
  for (;;) {
    const before = new Map(inView().map(({ row, place }) => [row.dataset['messageId'], place.top]));
    const from = log.scrollTop;
    log.scrollTop += step;
    const scrolled = log.scrollTop - from;
    await painted();
    const seen = inView();
    for (const { row, place } of seen) {
      const was = before.get(row.dataset['messageId']);
      const jump = was === undefined ? 0 : place.top - was + scrolled;
      if (Math.abs(jump) > 2) jumps.push(`${Math.round(jump)} px: ${row.textContent.slice(0, 20)}`);
    }
    const texts = seen.map(({ row }) => row.querySelector('.markdown > div')?.textContent.trim());
    if (texts.includes(until)) return jumps;
  }
}

/** Nothing is written to the messages that wait until it is called. */
async function holdUnsent(): Promise<() => void> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open('agent-messenger:/');
    opening.onsuccess = () => resolve(opening.result);
  });
  const store = db.transaction('unsent', 'readwrite').objectStore('unsent');
  let isHeld = true;
  const hold = () => {
    if (isHeld) store.count().onsuccess = hold;
    else db.close();
  };
  hold();
  return () => (isHeld = false);
}

/** What IndexedDB has of the login. */
async function keptTokens(): Promise<unknown> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open('agent-messenger:/');
    opening.onsuccess = () => resolve(opening.result);
  });
  const asked = db.transaction('device').objectStore('device').get('agent-messenger:tokens');
  return new Promise((resolve) => {
    asked.onsuccess = () =>
      resolve((JSON.parse(asked.result as string) as { tokens: unknown }).tokens);
  });
}
