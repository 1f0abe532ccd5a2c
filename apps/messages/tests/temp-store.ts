import { createLogger } from '@agent-messenger/service-kit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store';
import type { Store } from '../src/store/store';

export const silent = createLogger({ name: 'test', level: 'silent' });
export const SECRET = 'a secret between services, for tests only';

/** Folders and stores of one test file; call `cleanUp` after each test. */
export function createTempStores() {
  const stores: Store[] = [];
  const folders: string[] = [];
  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), 'am-messages-'));
    folders.push(made);
    return made;
  }
  return {
    folder,
    async open({
      path = join(folder(), 'messages.db'),
      now = () => new Date(),
    } = {}): Promise<Store> {
      const store = await openSqliteStore({ path, secret: SECRET, log: silent, now });
      stores.push(store);
      return store;
    },
    async cleanUp(): Promise<void> {
      for (const store of stores.splice(0)) await store.close();
      for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
    },
  };
}
