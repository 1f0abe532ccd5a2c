import { createLogger } from '@agent-messenger/service-kit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '../src/storage/storage';
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
      conversationsPerPerson = 10_000,
      storage,
      readers,
      monotonic,
    }: {
      path?: string;
      now?: () => Date;
      conversationsPerPerson?: number;
      storage?: Storage;
      /** Threads that read; without them reads run on the event loop. */
      readers?: { threads: number; entry: string };
      /** By which the log ages, milliseconds. */
      monotonic?: () => number;
    } = {}): Promise<Store> {
      const store = await openSqliteStore({
        ...{ path, secret: SECRET, log: silent, now, monotonic, conversationsPerPerson },
        ...(storage && { storage }),
        ...(readers && { readers }),
      });
      stores.push(store);
      return store;
    },
    async cleanUp(): Promise<void> {
      for (const store of stores.splice(0)) await store.close();
      for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
    },
  };
}
