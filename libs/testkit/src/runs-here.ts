/** Set by jest.preset.cjs: in CI. */
declare const runsEverything: boolean;

/**
 * Whether a test that needs something from outside is to run: where that is there, and in CI, where a test that does
 * not run has failed. Elsewhere it is skipped, and the reporter says so.
 */
export function runsHere(isThere: boolean): boolean {
  return isThere || runsEverything;
}
