import BetterSqlite3 from 'better-sqlite3';
import { join } from 'node:path';
import { describeSystems, type StoreHandle } from '../conformance/systems';
import { describeStore } from '../store-conformance';
import { bundleStoreProcess, openInProcess } from '../store-process';
import { createTempStores } from '../temp-store';

const stores = createTempStores();
const programs = createTempStores();
const handles: StoreHandle[] = [];
let program: string;
beforeAll(() => {
  program = bundleStoreProcess(programs.folder());
});
afterEach(async () => {
  for (const handle of handles.splice(0)) await handle.kill();
  await stores.cleanUp();
});
afterAll(() => programs.cleanUp());

describeStore('SqliteStore', (options) => stores.open(options));

describeSystems(async () => {
  const path = join(stores.folder(), 'messages.db');
  return {
    allowsMany: false,
    async open() {
      const handle = await openInProcess(program, path);
      handles.push(handle);
      return handle;
    },
    async holdTransaction() {
      const other = new BetterSqlite3(path);
      other.exec("BEGIN IMMEDIATE; UPDATE meta SET value = value WHERE key = 'rev'");
      return {
        async release() {
          other.exec('COMMIT');
          other.close();
        },
      };
    },
  };
});
