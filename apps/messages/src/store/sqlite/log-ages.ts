/** Positions that are noted closer to each other are noted as one. */
const RESOLUTION_MS = 50;
/** At that resolution, longer than the longest grace. */
const MOST = 20_000;

/**
 * When the log had reached which position, as this process saw it. By the monotonic clock: the times of events are
 * those of a wall clock, which may be set back, and says nothing then about how long ago something was.
 */
export class LogAges {
  /** Rising in both. */
  private samples: { pos: number; at: number }[] = [];
  /** What was there before the first look: how old it is, only the times of its events tell. */
  private begin: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The log ends at `pos` now. */
  note(pos: number): void {
    this.begin ??= pos;
    const last = this.samples.at(-1);
    const at = this.now();
    if (last && (pos <= last.pos || at - last.at < RESOLUTION_MS)) return;
    this.samples.push({ pos, at });
    if (this.samples.length > MOST) this.samples.shift();
  }

  /** The last position that was there at least `ms` ago; 0 when none was. Forgets those before it. */
  reached(ms: number): number {
    const until = this.now() - ms;
    let index = -1;
    while ((this.samples[index + 1]?.at ?? Infinity) <= until) index += 1;
    if (index < 0) return 0;
    this.samples = this.samples.slice(index);
    return this.samples[0]?.pos ?? 0;
  }

  /** How long ago the log was first seen to go beyond `pos`, milliseconds; 0 when it does not. */
  ageAfter(pos: number): number {
    const first = this.samples.find((sample) => sample.pos > pos);
    return first ? this.now() - first.at : 0;
  }

  /** Whether what follows `pos` was there before the first look. */
  isBefore(pos: number): boolean {
    return this.begin !== undefined && pos < this.begin;
  }
}

/**
 * How old the first event after `pos` is, seconds; 0 at the head of the log. By the wall clock, of which a step back
 * could hide any age, only for what was there before this process, and then at least as long as this process knows it.
 * @param firstAt when the first event after a position was committed, RFC 3339
 */
export function ageOf(
  { head, firstAt }: { head: number; firstAt(pos: number): string | undefined },
  ages: LogAges,
  pos: number,
): number {
  ages.note(head);
  const seen = ages.ageAfter(pos);
  if (!ages.isBefore(pos)) return seen / 1_000;
  const at = firstAt(pos);
  return at === undefined ? 0 : Math.max(seen, Date.now() - Date.parse(at)) / 1_000;
}
