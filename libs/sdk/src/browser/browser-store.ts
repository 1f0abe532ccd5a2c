/// <reference lib="dom" />
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Send } from '@agent-messenger/contracts';
import type { DeviceStorage } from '../device/device-memory';
import { OUTBOX_KEY } from '../device/device-memory';
import { TOKENS_KEY } from '../login/stored-tokens';

/** A message that a person has sent and no server has acked. */
export interface Unsent extends Send {
  /** RFC 3339, by this device's clock. */
  written_at: string;
  /** Why a server refused it; it is not tried again until it is said to. */
  refused?: string;
}

interface Schema extends DBSchema {
  /** What the SDK keeps of the login. */
  device: { key: string; value: string };
  /** Copies of what the server has, and what a page keeps for itself. */
  cache: { key: string; value: unknown };
  unsent: { key: number; value: Unsent; indexes: { client_id: string } };
}

/** What a page keeps over a reload, in IndexedDB, where all tabs of the browser have it. */
export interface BrowserStore {
  /** For `connectClient`: the login. The access token stays in this page's memory, the refresh token is kept. */
  storage: DeviceStorage;
  /** For `BrowserOutbox`. */
  unsent: UnsentStore;
  cache: Cache;
  /** Everything, for a sign-out. */
  clear(): Promise<void>;
  close(): void;
}

export interface Cache {
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
}

/** In the order in which they were written. */
export interface UnsentStore {
  all(): Promise<Unsent[]>;
  add(send: Unsent): Promise<void>;
  /** Replaces the one of the same `client_id`, if it is still there. */
  update(send: Unsent): Promise<void>;
  remove(clientId: string): Promise<void>;
}

/** @param name of the database: one for each gateway of an origin */
export async function openBrowserStore(name: string): Promise<BrowserStore> {
  const db = await openDB<Schema>(name, 1, {
    upgrade(opened) {
      opened.createObjectStore('device');
      opened.createObjectStore('cache');
      const unsent = opened.createObjectStore('unsent', { autoIncrement: true });
      unsent.createIndex('client_id', 'client_id', { unique: true });
    },
    // Another tab wants to delete or upgrade it: it must not wait for this one.
    blocking: (_old, _new, event) => (event.target as IDBDatabase).close(),
  });
  const stores = ['device', 'cache', 'unsent'] as const;
  return {
    storage: deviceStorage(db),
    unsent: unsentStore(db),
    cache: {
      get: <T>(key: string) => db.get('cache', key) as Promise<T | undefined>,
      set: async (key, value) => void (await db.put('cache', value, key)),
      delete: (key) => db.delete('cache', key),
    },
    async clear() {
      const all = db.transaction(stores, 'readwrite');
      await Promise.all([...stores.map((store) => all.objectStore(store).clear()), all.done]);
    },
    close: () => db.close(),
  };
}

function deviceStorage(db: IDBPDatabase<Schema>): DeviceStorage {
  /** The pair of which the disk has only the refresh token. */
  let own: { kept: string; whole: string } | null = null;
  return {
    async get(key) {
      // The unsent are in a store of their own, which all tabs share.
      if (key === OUTBOX_KEY) return null;
      const kept = (await db.get('device', key)) ?? null;
      return key === TOKENS_KEY && own?.kept === kept ? own.whole : kept;
    },
    async set(key, value) {
      if (key === OUTBOX_KEY) return;
      if (key !== TOKENS_KEY || value === '') return void (await db.put('device', value, key));
      const pair = JSON.parse(value) as { tokens: object; expiresAt: number };
      const kept = JSON.stringify({ tokens: { ...pair.tokens, access_token: '' }, expiresAt: 0 });
      own = { kept, whole: value };
      await db.put('device', kept, key);
    },
  };
}

function unsentStore(db: IDBPDatabase<Schema>): UnsentStore {
  return {
    all: () => db.getAll('unsent'),
    async add(send) {
      await db.add('unsent', send);
    },
    async update(send) {
      const change = db.transaction('unsent', 'readwrite');
      const key = await change.store.index('client_id').getKey(send.client_id);
      if (key !== undefined) await change.store.put(send, key);
      await change.done;
    },
    async remove(clientId) {
      const change = db.transaction('unsent', 'readwrite');
      const key = await change.store.index('client_id').getKey(clientId);
      if (key !== undefined) await change.store.delete(key);
      await change.done;
    },
  };
}
