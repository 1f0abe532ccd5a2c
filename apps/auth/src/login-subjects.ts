import { countedNetworks } from '@agent-messenger/service-kit';
import type { FailingSubject } from './failed-attempts';

interface LoginLimits {
  /** Of one account from one network, or from one known device; from the site of an IPv6 network 8 times as many. */
  free: number;
  /** Of one account from all unknown devices together. */
  freeOfAccount: number;
}

/** Who fails when this login does. A known device answers for itself alone, and failures elsewhere do not touch it. */
export type LoginSubjects = (
  account: string,
  deviceId: string | null,
  ip: string | null,
) => FailingSubject[];

export function createLoginSubjects({ free, freeOfAccount }: LoginLimits): LoginSubjects {
  return (account, deviceId, ip) =>
    deviceId !== null
      ? [{ kind: 'device', name: `${deviceId} ${account}`, free }]
      : [
          ...countedNetworks(ip ?? '').map(({ name, factor }) => ({
            kind: 'account-network' as const,
            name: `${name} ${account}`,
            free: free * factor,
          })),
          { kind: 'account', name: account, free: freeOfAccount },
        ];
}
