/**
 * Failed attempts of a subject. The first `free` ones cost nothing; each further one locks the subject, for twice as
 * long as the one before. Who waits for the end of a lock has one more attempt, and nothing that is refused meanwhile
 * makes the lock longer; a clock that is set back lets it begin anew, once.
 */
export interface AttemptLimits {
  /** Time after the last attempt after which all are forgotten, and a lock with them; ms. */
  windowMs: number;
  /** The first lock, ms. */
  waitMs: number;
  /** The longest lock, ms. */
  longestWaitMs: number;
}

export interface Subject {
  /** Of bounded length, and no secret. */
  key: string;
  /** Failures before the one that locks; at least 1 with that. */
  free: number;
}

/**
 * Attempts are counted as failures before their outcome is known: those made at the same time cannot all pass below
 * the limit.
 */
export interface AttemptCounters {
  /** 0: the attempt may be made, and counts for each subject. Else it counts for none; ms until one may be made. */
  attempt(subjects: Subject[]): Promise<number>;
  /** The attempt was not made after all. */
  undo(subjects: Subject[]): Promise<void>;
  /** The attempt succeeded. */
  forget(subjects: Subject[]): Promise<void>;
}
