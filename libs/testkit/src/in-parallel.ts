import pLimit from 'p-limit';

/** Enough to keep a system busy; its bcrypt queue and a test's sockets are bounded. */
const AT_ONCE = 16;

/** What `work` makes of each item, in their order; some are worked on at a time. */
export function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const limit = pLimit(AT_ONCE);
  return Promise.all(items.map((item, index) => limit(() => work(item, index))));
}
