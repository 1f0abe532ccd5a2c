import type { CallResponse, messagesCalls } from '@agent-messenger/contracts';
import type { Store } from '../store/store';
import type { DiskReserve } from './disk-reserve';
import type { QuotaRefusals } from './quota-refusals';

type StorageState = CallResponse<typeof messagesCalls, 'storageState'>;

interface StorageParts {
  disk: Pick<DiskReserve, 'isLow' | 'freeBytes' | 'reserveBytes'>;
  refusals: Pick<QuotaRefusals, 'recent'>;
  store: Pick<Store, 'lastEventAt'>;
  /** Size of the store's files. */
  usedBytes?: () => Promise<number>;
}

/** What health tells of the store. */
export async function storageState({
  disk,
  refusals,
  store,
  usedBytes,
}: StorageParts): Promise<StorageState> {
  return {
    status: disk.isLow() ? 'low' : 'ok',
    free_bytes: disk.freeBytes,
    reserve_bytes: disk.reserveBytes,
    ...(usedBytes && { used_bytes: await usedBytes() }),
    at_quota: refusals.recent(),
    clock_behind_ms: await clockBehindMs(store),
  };
}

/** How far the clock is behind the newest event, milliseconds: it was set back after it. */
export async function clockBehindMs(
  store: Pick<Store, 'lastEventAt'>,
  now: number = Date.now(),
): Promise<number> {
  const at = await store.lastEventAt();
  return at === null ? 0 : Math.max(0, Date.parse(at) - now);
}
