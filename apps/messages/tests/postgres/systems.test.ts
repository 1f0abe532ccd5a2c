import { Client } from 'pg';
import { describeSystems, type StoreHandle } from '../conformance/systems';
import { bundleStoreProcess, openInProcess } from '../store-process';
import { createTempStores } from '../temp-store';
import { startDatabases, type TempDatabases } from './temp-databases';

const programs = createTempStores();
const handles: StoreHandle[] = [];
let program: string;
let databases: TempDatabases;
beforeAll(async () => {
  program = bundleStoreProcess(programs.folder());
  databases = await startDatabases();
});
afterEach(async () => {
  for (const handle of handles.splice(0)) await handle.kill();
});
afterAll(async () => {
  await databases.stop();
  await programs.cleanUp();
});

describeSystems(async () => {
  const url = await databases.create();
  return {
    allowsMany: true,
    async open() {
      const handle = await openInProcess(program, url);
      handles.push(handle);
      return handle;
    },
    async holdTransaction() {
      const other = new Client({ connectionString: url });
      await other.connect();
      await other.query(`BEGIN; INSERT INTO meta (key, value) VALUES ('held', '')`);
      return {
        async release() {
          await other.query('COMMIT');
          await other.end();
        },
      };
    },
  };
});
