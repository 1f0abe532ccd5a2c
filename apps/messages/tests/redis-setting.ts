import { Scope } from '@agent-messenger/service-kit';
import { startRedis, type RedisProcess } from '@agent-messenger/testkit';
import { createTempStores, silent } from './temp-store';

/** A Redis for the tests of a file; for each of them a scope, which is closed after it, and stores. */
export function useRedisSetting() {
  const stores = createTempStores();
  let server: RedisProcess;
  let scope: Scope;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    scope = new Scope(silent);
  });
  afterEach(async () => {
    await scope.close();
    await stores.cleanUp();
  });
  return {
    stores,
    get server() {
      return server;
    },
    get scope() {
      return scope;
    },
  };
}
export type RedisSetting = ReturnType<typeof useRedisSetting>;
