import { createLogger, Scope } from '@agent-messenger/service-kit';
import { announce } from './announce';

const log = createLogger({ name: 'test', level: 'silent' });
const push = { platforms: ['apns' as const], batches: true };

/** A store that says of each look that it was looked at. */
function createStore(logId: string | undefined) {
  const store = { logId, looks: 0, announced: [] as object[], looked: () => undefined as void };
  return Object.assign(store, {
    async pushConfig() {
      store.looks += 1;
      store.looked();
      return { push: null, ...(store.logId !== undefined && { log_id: store.logId }) };
    },
    async announcePush(request: object) {
      store.announced.push(request);
      return {};
    },
    looksMore: (times: number) =>
      new Promise<void>((resolve) => {
        const enough = store.looks + times;
        store.looked = () => store.looks === enough && resolve();
      }),
  });
}

let scope: Scope;
beforeEach(() => void (scope = new Scope(log)));
afterEach(() => scope.close());

test('a store that was restored is told again, also when nothing else happens', async () => {
  const store = createStore('log_1');
  await announce({ push, store, log, scope, lookMs: 1 });
  await store.looksMore(3);
  expect(store.announced).toEqual([push]);
  store.logId = 'log_2';
  await store.looksMore(3);
  expect(store.announced).toEqual([push, push]);
});

test('one that does not say which log it has is told once', async () => {
  const store = createStore(undefined);
  await announce({ push, store, log, scope, lookMs: 1 });
  await store.looksMore(3);
  expect(store.announced).toEqual([push]);
});
