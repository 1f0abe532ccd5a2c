import { describeStore } from '../store-conformance';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

describeStore('PostgresStore', async (options) =>
  databases.open({ ...options, url: await databases.createOrEmpty() }),
);
