import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../config';
import { storeBytes } from '../../metrics';
import { diskBytes, watchDisk } from '../../storage/disk-reserve';
import type { QuotaRefusals } from '../../storage/quota-refusals';
import { reserveBytes, type StorageLimits } from '../../storage/storage-config';
import { storageState } from '../../storage/storage-state';
import type { OpenedStore, StoreDeps } from '../open-store';
import { openSqliteStore } from './sqlite-store';

interface SqliteDeps extends StoreDeps {
  path: string;
  refusals: QuotaRefusals;
  limits: StorageLimits;
}

/** The store in the file `DB_PATH`, with an eye on its disk. */
export async function startSqliteStore(
  config: Config,
  { path, log, metrics, scope, refusals, limits }: SqliteDeps,
): Promise<OpenedStore> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const reserve = reserveBytes(config, await diskBytes(path));
  const disk = await watchDisk({ path, reserveBytes: reserve, log, metrics, scope });
  const store = await openSqliteStore({
    path,
    storage: {
      limits,
      isLow: () => disk.isLow(),
      onRefusal: (key, of, bound) => refusals.note(key, of, bound),
    },
    secret: config.INTERNAL_JWT_SECRET,
    keepPreviousDays: config.KEEP_PREVIOUS_STORE_DAYS,
    conversationsPerPerson: config.MAX_CONVERSATIONS_PER_PERSON,
    // Services are bundled: the program of a thread is beside that of the process.
    readers: { threads: config.READER_THREADS, entry: join(__dirname, 'reader-thread.js') },
    log,
    metrics,
  });
  scope.defer('store', () => store.close());
  return {
    store,
    storageState: () => storageState({ disk, refusals, store, usedBytes: () => storeBytes(path) }),
  };
}
