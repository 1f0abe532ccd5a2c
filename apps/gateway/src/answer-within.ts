import { withDeadline } from '@agent-messenger/service-kit';

/** Longer than messages needs, shorter than what asks for health waits. */
const DEADLINE_MS = 2_000;

/** Undefined when there is no answer in time: whether a service answers is told among the dependencies. */
export function answerWithin<T>(answer: Promise<T>): Promise<T | undefined> {
  return withDeadline(answer, DEADLINE_MS).catch(() => undefined);
}
