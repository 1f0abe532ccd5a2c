import type { Handlers, messagesCalls } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import type { Config } from '../config';
import { QuotaRefusals } from '../storage/quota-refusals';
import { storageLimits } from '../storage/storage-config';
import { startPostgresStore } from './postgres/start-postgres-store';
import { startSqliteStore } from './sqlite/start-sqlite-store';
import type { Store } from './store';

export interface OpenedStore {
  store: Store;
  storageState: Handlers<typeof messagesCalls>['storageState'];
}

export interface StoreDeps {
  log: Logger;
  metrics: Registry;
  scope: Scope;
}

/** Opens the store that the configuration names, for as long as the scope lives. */
export function openStore(config: Config, deps: StoreDeps): Promise<OpenedStore> {
  const refusals = new QuotaRefusals(deps.metrics);
  const parts = { ...deps, refusals, limits: storageLimits(config) };
  const { DB_PATH: path, DATABASE_URL: url } = config;
  if (url !== undefined) return startPostgresStore(config, { ...parts, url });
  if (path !== undefined) return startSqliteStore(config, { ...parts, path });
  throw new TypeError('the configuration names no store');
}
