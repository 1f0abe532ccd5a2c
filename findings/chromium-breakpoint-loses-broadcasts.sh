#!/usr/bin/env bash
# Chromium 153: what is posted to a BroadcastChannel while a page stands at a breakpoint never reaches that page.
#
# A page that is frozen, as a browser does with tabs in the background, gets all of it when it goes on, and a page that
# stands at a breakpoint gets a `storage` event of another tab then: its tasks wait. Messages of a BroadcastChannel are
# dropped, and nothing tells (no `messageerror`). So tabs that agree over such a channel, as on who has a connection or a
# lock, behave otherwise while one of them is debugged: they must be able to ask again.
#
# Expected: the page gets 1, 2, 3 when it goes on. Seen: only what is posted after that.
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
# Where the browser is unpacked.
export TMPDIR=$dir
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @sparticuz/chromium@153.0.0 playwright-core@1.65.1
cat >seen.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import chromium from '@sparticuz/chromium';
import playwright from 'playwright-core';

const server = createServer((_, answer) => {
  answer.setHeader('content-type', 'text/html').end('<title>a page</title>');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const browser = await playwright.chromium.launch({
  executablePath: await chromium.executablePath(),
  args: ['--no-sandbox'],
});

/** What a page hears of three broadcasts, and a change of the storage, while it stands still, and of one after that. */
async function heardBy(stop) {
  const context = await browser.newContext();
  const open = async () => {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.evaluate(() => {
      globalThis.heard = [];
      globalThis.channel = new BroadcastChannel('tabs');
      channel.onmessage = ({ data }) => heard.push(data);
      channel.onmessageerror = () => heard.push('error');
      addEventListener('storage', ({ key }) => heard.push(key));
    });
    return page;
  };
  const [page, other] = [await open(), await open()];
  const goOn = await stop(await context.newCDPSession(page));
  for (const each of [1, 2, 3]) await other.evaluate((data) => channel.postMessage(data), each);
  await other.evaluate(() => localStorage.setItem('stored', 'now'));
  await goOn();
  await other.evaluate(() => channel.postMessage('after'));
  await page.waitForFunction(() => heard.includes('after') && heard.includes('stored'));
  const heard = await page.evaluate(() => heard.filter((each) => each !== 'stored').join(' '));
  await context.close();
  return heard;
}

const atBreakpoint = await heardBy(async (debug) => {
  await debug.send('Debugger.enable');
  const paused = once(debug, 'Debugger.paused');
  await debug.send('Runtime.evaluate', { expression: 'setTimeout(() => { debugger; })' });
  await paused;
  return () => debug.send('Debugger.resume');
});
const frozen = await heardBy(async (debug) => {
  await debug.send('Page.setWebLifecycleState', { state: 'frozen' });
  return () => debug.send('Page.setWebLifecycleState', { state: 'active' });
});
console.error(`Chromium ${browser.version()}`);
console.log(`breakpoint: ${atBreakpoint}; frozen: ${frozen}`);
await browser.close();
server.close();
JS
seen=$(node seen.mjs)
echo "playwright-core 1.65.1: $seen"
expected='breakpoint: after; frozen: 1 2 3 after'
[ "$seen" = "$expected" ] || { echo "changed: expected '$expected'"; exit 1; }
