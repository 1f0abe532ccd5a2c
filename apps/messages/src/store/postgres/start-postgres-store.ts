import type { Config } from '../../config';
import { storageState } from '../../storage/storage-state';
import type { OpenedStore, StoreDeps } from '../open-store';
import { openPostgresStore } from './open-postgres-store';
import type { QuotaRefusals } from '../../storage/quota-refusals';
import type { StorageLimits } from '../../storage/storage-config';

interface PostgresDeps extends StoreDeps {
  url: string;
  refusals: QuotaRefusals;
  limits: StorageLimits;
}

/** Its disk is the database server's, which looks after it. */
const NO_DISK = { isLow: () => false, freeBytes: null, reserveBytes: 0 };

/** The store in the database `DATABASE_URL`. */
export async function startPostgresStore(
  config: Config,
  { url, log, metrics, scope, refusals, limits }: PostgresDeps,
): Promise<OpenedStore> {
  const store = await openPostgresStore({
    url,
    connections: config.DATABASE_CONNECTIONS,
    synchronous: config.DATABASE_REPLICATION === 'synchronous',
    storage: {
      limits,
      isLow: NO_DISK.isLow,
      onRefusal: (key, of, bound) => refusals.note(key, of, bound),
    },
    secret: config.INTERNAL_JWT_SECRET,
    conversationsPerPerson: config.MAX_CONVERSATIONS_PER_PERSON,
    log,
    metrics,
  });
  scope.defer('store', () => store.close());
  return { store, storageState: () => storageState({ disk: NO_DISK, refusals, store }) };
}
