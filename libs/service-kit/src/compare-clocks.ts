import { fail, ok, warn, type Finding } from './findings';

/** Tokens are refused by clocks that differ by more than their life; presence and logs tell wrong times long before. */
const NOTICED_MS = 2_000;
const HARMFUL_MS = 30_000;

/** Compares another clock with this machine's, whose reading was taken around the question. */
export function compareClocks(
  what: string,
  otherMs: number,
  around: { before: number; after: number },
  /** How exact the other one is read. */
  resolutionMs: number,
): Finding {
  const early = around.before - otherMs - resolutionMs;
  const late = otherMs - around.after;
  const apart = Math.max(early, late, 0);
  const found = apart === 0 ? 'agrees with this machine' : `differs by ${apart / 1_000} s`;
  const advice = 'let every machine take its time from NTP';
  if (apart >= HARMFUL_MS) return fail(what, found, advice);
  return apart >= NOTICED_MS ? warn(what, found, advice) : ok(what, found);
}
