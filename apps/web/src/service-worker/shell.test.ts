import { answerFromShell } from './shell';

const SCOPE = 'https://chat.example/';
const kept = new Map<string, Response>();
const cache = {
  match: async (url: string) => kept.get(url)?.clone(),
  put: async (url: string, answer: Response) => void kept.set(url, answer),
};
let answer: (response: Response) => void;

/** What a page that is opened gets. */
async function open(): Promise<string | undefined> {
  const request = new Request(SCOPE);
  return (await answerFromShell(request, SCOPE))?.text();
}
const atOnce = (text: string, status?: number) => {
  globalThis.fetch = async () => new Response(text, { status: status ?? 200 });
};
/** Lets what is promised go on. */
const turn = () => jest.advanceTimersByTimeAsync(0);

const { fetch } = globalThis;
beforeEach(() => {
  jest.useFakeTimers();
  Object.assign(globalThis, { caches: { open: async () => cache } });
});
afterEach(() => {
  jest.useRealTimers();
  globalThis.fetch = fetch;
  kept.clear();
});

it('a page is the newest, and the one that ran last where no network or gateway has one', async () => {
  atOnce('first');
  expect(await open()).toBe('first');
  atOnce('second');
  expect(await open()).toBe('second');
  atOnce('draining', 503);
  expect(await open()).toBe('second');
  globalThis.fetch = () => Promise.reject(new TypeError('no network'));
  expect(await open()).toBe('second');
});

it('a page that is kept waits 3 s for the network; what comes later is not kept beside the files of another version', async () => {
  atOnce('first');
  await open();
  globalThis.fetch = () => new Promise((resolve) => (answer = resolve));
  const shown = open();
  await jest.advanceTimersByTimeAsync(3_000);
  expect(await shown).toBe('first');
  answer(new Response('second'));
  await turn();
  globalThis.fetch = () => Promise.reject(new TypeError('no network'));
  expect(await open()).toBe('first');
});

it('a disk that is full keeps nothing, and no page from its beginning', async () => {
  atOnce('first');
  const { put } = cache;
  cache.put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
  expect(await open()).toBe('first');
  cache.put = put;
});
