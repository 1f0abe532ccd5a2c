import { groupBy, type Entry, type EntryOf, type Violation } from './history';

/** At each `expect` entry: what every watcher was told last about the identity is the truth. */
export function checkPresence(history: readonly Entry[]): Violation[] {
  const told = new Map<string, EntryOf<'presence'>>();
  return history.flatMap((entry) => {
    if (entry.type === 'presence') {
      told.set(`${entry.watcher} ${entry.identity} ${entry.source}`, entry);
    }
    if (entry.type !== 'expect') return [];
    const { identity, online, at } = entry;
    const about = groupBy([...told.values()], (each) => each.identity).get(identity) ?? [];
    return about
      .filter(({ status }) => (status !== 'offline') !== online)
      .map(({ watcher, status, source }) => ({
        rule: 'presence is right at the end',
        message: `${watcher} was last told (${source}) that ${identity} is ${status}; it is ${online ? 'online' : 'offline'}`,
        about: identity,
        at,
      }));
  });
}

/** At each `expect` entry: the lease of a connected identity is the one of its last connection. */
export function checkLeases(history: readonly Entry[]): Violation[] {
  const holders = new Map<string, string | null>();
  const leases = new Map<string, EntryOf<'lease'>>();
  return history.flatMap((entry) => {
    if (entry.type === 'connected') holders.set(entry.identity, entry.connection_id);
    if (entry.type === 'lease') leases.set(entry.identity, entry);
    if (entry.type !== 'expect' || !entry.online) return [];
    const { identity, at } = entry;
    const lease = leases.get(identity);
    const holder = holders.get(identity) ?? null;
    if (lease?.gateway && (holder === null || lease.connection_id === holder)) return [];
    return [
      {
        rule: 'the lease is held by the connected',
        message: `the lease of ${identity} names ${lease?.connection_id ?? 'nobody'}, connected is ${holder}`,
        about: identity,
        at,
      },
    ];
  });
}
