import { whole } from '@agent-messenger/service-kit';
import type { z } from 'zod';

const MIB = 2 ** 20;
const MOST_MIB = 2 ** 33;

/** What an identity, or all people that registered from one address, may store, bytes; 0: without a bound. */
export interface Allowance {
  /** Refilled continuously, so that the longest wait for room is a part of a day. */
  perDay: number;
  /** Held at a time: deletions give back. */
  inAll: number;
}

export interface StorageLimits {
  person: Allowance;
  agent: Allowance;
  address: Allowance;
}

const mebibytes = (description: string) => whole(0, MOST_MIB, description);

export const storageConfig = {
  STORAGE_PERSON_DAY_MIB: mebibytes(
    'What a person may store in a day, MiB; 0 for no bound. More is `rate_limited`.',
  ).default(100),
  STORAGE_PERSON_MIB: mebibytes(
    'What a person may store in all, MiB; 0 for no bound. More is `conflict` until it deletes something.',
  ).default(2_048),
  STORAGE_AGENT_DAY_MIB: mebibytes(
    'What an agent may store in a day, MiB; 0 for no bound.',
  ).default(4_096),
  STORAGE_AGENT_MIB: mebibytes('What an agent may store in all, MiB; 0 for no bound.').default(0),
  STORAGE_ADDRESS_DAY_MIB: mebibytes(
    'What all people that registered from one address (IPv6: one /64) may store in a day, MiB; 0 for no bound.',
  ).default(400),
  STORAGE_ADDRESS_MIB: mebibytes(
    'What all people that registered from one address may store in all, MiB; 0 for no bound.',
  ).default(8_192),
  STORAGE_RESERVE_MIB: mebibytes(
    'Free room on the disk of the store, MiB, below which new content is refused as `unavailable`, while reads, deletions and receipts go on; never more than a tenth of the disk, 0 for none.',
  ).default(512),
};
type StorageConfig = { [N in keyof typeof storageConfig]: z.output<(typeof storageConfig)[N]> };

export function storageLimits(config: StorageConfig): StorageLimits {
  const allowance = (perDay: number, inAll: number) => ({
    perDay: perDay * MIB,
    inAll: inAll * MIB,
  });
  return {
    person: allowance(config.STORAGE_PERSON_DAY_MIB, config.STORAGE_PERSON_MIB),
    agent: allowance(config.STORAGE_AGENT_DAY_MIB, config.STORAGE_AGENT_MIB),
    address: allowance(config.STORAGE_ADDRESS_DAY_MIB, config.STORAGE_ADDRESS_MIB),
  };
}

/** Of a small disk a tenth: the default would refuse everything on one of half a gigabyte. */
export function reserveBytes(
  { STORAGE_RESERVE_MIB }: Pick<StorageConfig, 'STORAGE_RESERVE_MIB'>,
  diskBytes: number,
): number {
  return Math.min(STORAGE_RESERVE_MIB * MIB, Math.floor(diskBytes / 10));
}
