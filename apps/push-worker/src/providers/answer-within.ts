import { withDeadline } from '@agent-messenger/service-kit';
import { PushError } from './provider';

/** @throws PushError when it takes longer */
export function answerWithin<T>(ms: number, work: Promise<T>): Promise<T> {
  return withDeadline(work, ms, () => new PushError({ outcome: 'down', reason: 'timeout' }));
}
