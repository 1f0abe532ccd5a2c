import { brandOf } from './brand';

const SCOPE = 'https://chat.example/';

afterEach(() => {
  jest.useRealTimers();
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
