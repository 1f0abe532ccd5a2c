import { ERROR_CODES, type ErrorCode } from '@agent-messenger/contracts';
import { MARKER } from './mutations';

/** What came of a probe. */
export interface Knock {
  /** By which probes are counted. */
  outcome: string;
  /** Whether what was sent is another than a well-behaved client would send. */
  isMalformed: boolean;
}

/** By what it is on the wire: a copy that was made in another realm is equal too. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What a healthy system never answers. */
const NEVER: readonly string[] = ['internal', 'unavailable'] satisfies ErrorCode[];
/** What only the inside knows: stacks, paths, the words of the database. Of JSON, so that line ends are escaped. */
const INTERNALS = /(\n|\\n)\s+at |node_modules|dist\/main|sqlite|constraint failed/i;

/** @throws Error when something that was answered, in whatever way, should not have been */
export function judge(answered: string): void {
  const told = answered.slice(0, 2_000);
  if (INTERNALS.test(answered)) throw new Error(`it tells how it works inside: ${told}`);
  for (const [, code = ''] of answered.matchAll(/"code":"(\w+)"/g)) {
    if (NEVER.includes(code)) throw new Error(`it fails: ${told}`);
  }
}

/** @param refusal what tells the code, as JSON @throws Error when the code is none, or it repeats what it was given */
export function judgeRefusal(code: string, refusal: string): void {
  if (!(ERROR_CODES as string[]).includes(code)) throw new Error(`an unknown code: ${refusal}`);
  if (refusal.includes(MARKER)) throw new Error(`it repeats what it was given: ${refusal}`);
}
