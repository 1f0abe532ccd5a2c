import { brandOf } from './brand';

const SCOPE = 'https://chat.example/';

const { fetch } = globalThis;
afterEach(() => {
  jest.useRealTimers();
  globalThis.fetch = fetch;
});

it('a network that carries nothing leaves the brand that was known', async () => {
  jest.useFakeTimers();
  const manifest = { name: 'Northwind', icons: [{ src: 'logo.png', type: 'image/png' }] };
  const cache = { match: async () => Response.json(manifest) };
  Object.assign(globalThis, { caches: { open: async () => cache } });
  globalThis.fetch = () => new Promise(() => undefined);
  const brand = brandOf(SCOPE);
  await jest.advanceTimersByTimeAsync(2_000);
  await expect(brand).resolves.toEqual({ name: 'Northwind', icon: `${SCOPE}logo.png` });
});

it('what holds up the cache of the browser holds up no notification for longer than 2 s', async () => {
  jest.useFakeTimers();
  Object.assign(globalThis, { caches: { open: () => new Promise(() => undefined) } });
  const brand = brandOf(SCOPE);
  await jest.advanceTimersByTimeAsync(2_000);
  await expect(brand).resolves.toEqual({
    name: 'Agent Messenger',
    icon: `${SCOPE}icon-192.png`,
  });
});
