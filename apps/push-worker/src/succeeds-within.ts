import { withDeadline } from '@agent-messenger/service-kit';

/** Whether it was done in time and without an error. */
export function succeedsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  return withDeadline(work, ms).then(
    () => true,
    () => false,
  );
}
