import type { CDPSession } from 'playwright-core';
import { loadedBefore, shown, watchShown } from './in-page';
import type { Figure } from './report';
import type { WebWorld } from './web-world';
import type { Person } from '@agent-messenger/testkit';

/** What developer tools call "Slow 4G", once "Fast 3G". Bytes a second. */
const SLOW = {
  offline: false,
  latency: 562.5,
  downloadThroughput: 180_000,
  uploadThroughput: 84_375,
};
const CPU_RATE = 4;
const SIGN_IN = '.sign-in-card input';
const CHAT = '.messages .message';

/** What a browser that was never here loads, and how long a slow one waits for it. */
export async function measureFirstLoad(world: WebWorld, person: Person): Promise<Figure[]> {
  const signIn = (encoding: 'gzip' | 'br') => load(world, world.url, SIGN_IN, encoding);
  const gzip = await signIn('gzip');
  const brotli = await signIn('br');
  const chat = await load(world, await world.signInLink(person), CHAT, 'gzip');
  const aim = (most: number) => ({ most, isFirm: true });
  return [
    { name: 'first load, gzip', value: gzip.bytes / 1_000, unit: 'kB', aim: aim(60) },
    { name: 'first load, brotli', value: brotli.bytes / 1_000, unit: 'kB', aim: aim(60) },
    { name: 'first load', value: gzip.requests, unit: 'requests' },
    { name: 'to a conversation, gzip', value: chat.bytes / 1_000, unit: 'kB', aim: aim(130) },
    { name: 'first load, slow phone', value: await slowLoad(world), unit: 'ms' },
  ];
}

/** Files of the page alone: what it asks of the API is another matter. */
async function load(world: WebWorld, url: string, until: string, encoding: 'gzip' | 'br') {
  const { page, tools, close } = await world.openPage();
  try {
    await tools.send('Network.enable');
    await tools.send('Network.setExtraHTTPHeaders', { headers: { 'accept-encoding': encoding } });
    const received = bytesOf(tools, world.url);
    await page.addInitScript(watchShown, until);
    await page.goto(url);
    if (until === CHAT) await page.locator('.row').first().click();
    await page.locator(until).first().waitFor();
    return received([page.url(), ...(await page.evaluate(loadedBefore))]);
  } finally {
    await close();
  }
}

type Received = (urls: readonly string[]) => { bytes: number; requests: number };

function bytesOf(tools: CDPSession, url: string): Received {
  const bytes = new Map<string, number>();
  const urls = new Map<string, string>();
  const isFile = (path: string) => path === '/' || /\.\w+$/.test(path);
  tools.on('Network.requestWillBeSent', ({ requestId, request }) => {
    const { origin, pathname } = new URL(request.url);
    if (origin !== new URL(url).origin || !isFile(pathname)) return;
    bytes.set(requestId, 0);
    urls.set(requestId, `${origin}${pathname}`);
  });
  tools.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
    const before = bytes.get(requestId);
    if (before !== undefined) bytes.set(requestId, before + encodedDataLength);
  });
  return (wanted) => {
    const paths = new Set(wanted.map((each) => each.replace(/[?#].*/, '')));
    const counted = [...bytes].filter(([id]) => paths.has(urls.get(id) ?? ''));
    return {
      bytes: counted.reduce((sum, [, each]) => sum + each, 0),
      requests: counted.length,
    };
  };
}

async function slowLoad(world: WebWorld): Promise<number> {
  const { page, tools, close } = await world.openPage();
  try {
    await tools.send('Network.enable');
    await tools.send('Network.emulateNetworkConditions', SLOW);
    await tools.send('Emulation.setCPUThrottlingRate', { rate: CPU_RATE });
    await page.goto(world.url, { waitUntil: 'commit' });
    return await page.evaluate(shown, SIGN_IN);
  } finally {
    await close();
  }
}
