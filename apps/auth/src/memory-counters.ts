import { upToEntries } from '@agent-messenger/service-kit';
import { LRUCache } from 'lru-cache';
import type { AttemptCounters, AttemptLimits, Subject } from './attempt-counters';

interface State {
  failures: number;
  /** Time of the last attempt. */
  at: number;
  /** End of the lock; 0 without one. */
  until: number;
}

/** Subjects that are remembered; the one unused for longest makes room. */
const REMEMBERED = 10_000;

/** Of this process alone: the insurance for a time without Redis. */
export function createMemoryCounters(
  { windowMs, waitMs, longestWaitMs }: AttemptLimits,
  now: () => number = Date.now,
): AttemptCounters {
  const states = new LRUCache<string, State>(upToEntries(REMEMBERED));

  function stateOf(key: string): State | undefined {
    const state = states.get(key);
    if (!state) return undefined;
    const ahead = state.at - now();
    // The clock was set back: the attempt and its lock begin now, or nobody could wait for its end.
    if (ahead > 0) {
      state.at -= ahead;
      state.until -= ahead;
    }
    return now() - state.at < windowMs ? state : undefined;
  }

  function count({ key, free }: Subject): void {
    const failures = (stateOf(key)?.failures ?? 0) + 1;
    const over = failures - free;
    const until = over < 0 ? 0 : now() + Math.min(waitMs * 2 ** over, longestWaitMs);
    states.set(key, { failures, at: now(), until });
  }

  return {
    async attempt(subjects) {
      const waits = subjects.map(({ key }) => (stateOf(key)?.until ?? 0) - now());
      const wait = Math.max(0, ...waits);
      if (wait === 0) subjects.forEach(count);
      return wait;
    },
    async undo(subjects) {
      for (const { key } of subjects) {
        const state = states.get(key);
        if (state && state.failures > 1) {
          state.failures -= 1;
          state.until = 0;
        } else states.delete(key);
      }
    },
    async forget(subjects) {
      for (const { key } of subjects) states.delete(key);
    },
  };
}
