/**
 * A point in time by both clocks, and past by whichever gets there first: the monotonic one stands still while a
 * virtual machine is suspended, the wall clock may be set back.
 */
export interface Deadline {
  /** By performance.now(), ms. */
  monotonic: number;
  /** By Date.now(), ms. */
  wall: number;
}

export function bothClocks(): Deadline {
  return { monotonic: performance.now(), wall: Date.now() };
}

export function later({ monotonic, wall }: Deadline, ms: number): Deadline {
  return { monotonic: monotonic + ms, wall: wall + ms };
}

export function isPast({ monotonic, wall }: Deadline): boolean {
  return performance.now() >= monotonic || Date.now() >= wall;
}
