import type { DuePush, LogEntry, Store, Stretch } from '../../src/store/store';

/** What consumers are given, which each handle gives of its own commits. */
type Given = 'nextEntries' | 'nextPushes' | 'lagOf';

/**
 * Handles on one database as one store: each call goes to the next handle. What their consumers are given is put
 * together, as relays of several replicas would.
 */
export function inTurn(handles: readonly Store[]): Store {
  let calls = 0;
  const nextHandle = () => handles[(calls += 1) % handles.length] as Store;

  async function together<T>(
    give: (handle: Store) => Promise<Stretch<T> | undefined>,
    join: (items: T[]) => T[],
  ): Promise<Stretch<T> | undefined> {
    const given = await Promise.all(handles.map(give));
    const stretches = given.filter((stretch) => stretch !== undefined);
    if (stretches.length === 0) return undefined;
    return {
      items: join(stretches.flatMap(({ items }) => items)),
      done: () => stretches.forEach((stretch) => stretch.done()),
    };
  }
  const given: Pick<Store, Given> = {
    nextEntries: (limit) => together((handle) => handle.nextEntries(limit), bySeq),
    nextPushes: (consumer, of) => together((handle) => handle.nextPushes(consumer, of), eachOnce),
    async lagOf(consumer) {
      // What a handle is done with is gone for the others with its next commit.
      for (const handle of handles) await handle.unregisterPush({ user_id: '', token: '' });
      return nextHandle().lagOf(consumer);
    },
  };

  return new Proxy({} as Store, {
    get(_target, name) {
      if (name in given) return given[name as Given];
      const value = handles[0]?.[name as keyof Store];
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const method = nextHandle()[name as keyof Store] as (...given: unknown[]) => unknown;
        return method(...args);
      };
    },
  });
}

/** Each once: what a handle has not passed on for a second is given to the other one, too. */
function bySeq(entries: LogEntry[]): LogEntry[] {
  const each = new Map(
    entries.map((entry) => [`${entry.event.conversation_id} ${entry.event.seq}`, entry]),
  );
  return [...each.values()].sort((one, other) => one.event.seq - other.event.seq);
}

function eachOnce(pushes: DuePush[]): DuePush[] {
  return [...new Map(pushes.map((push) => [JSON.stringify(push), push])).values()];
}
