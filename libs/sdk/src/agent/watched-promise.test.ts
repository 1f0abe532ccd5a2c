import { WatchedPromise } from './watched-promise';

const looks: Record<string, (promise: Promise<void>) => unknown> = {
  await: async (promise) => {
    await promise;
  },
  'Promise.all': (promise) => Promise.all([promise]),
  catch: (promise) => promise.catch(() => undefined),
  finally: (promise) => promise.finally(() => undefined),
  'the return of an async function': async (promise) => promise,
};

it.each(Object.entries(looks))('is watched by %s', async (_, look) => {
  const watched = WatchedPromise.of(Promise.resolve());
  expect(watched.isWatched).toBe(false);
  await look(watched);
  expect(watched.isWatched).toBe(true);
});

it('takes over value and rejection, and what is chained to it is an ordinary promise', async () => {
  await expect(WatchedPromise.of(Promise.resolve(1))).resolves.toBe(1);
  const rejected = WatchedPromise.of(Promise.reject(new Error('no')));
  const chained = rejected.then(() => undefined);
  expect(chained).not.toBeInstanceOf(WatchedPromise);
  await expect(chained).rejects.toThrow('no');
});
