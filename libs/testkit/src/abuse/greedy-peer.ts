import type { AbuseScene } from './scene';

/** Somebody who takes more than there is for one, within budgets or beyond them. */
export interface GreedyPeer {
  /** As in docs/security.md. */
  name: string;
  does: string;
  /** What ends a round of it: one of these, as `answerOf` and `GreedySocket.ended` put it. */
  answers: readonly string[];
  /** What the first round is answered, at an address that has spent nothing, where that is less than `answers`. */
  first?: string;
  /** Makes what it needs. @returns a round of what it does, which can be repeated, and resolves with the last answer */
  prepare(scene: AbuseScene): Promise<() => Promise<string>>;
}
