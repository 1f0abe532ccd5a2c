/** Something that is due, and the moment at which it is. */
interface Moment<T> {
  timer: NodeJS.Timeout;
  due: Set<T>;
}

/**
 * One timer for all that is due at the same moment. Node.js needs half a kibibyte for each timer and its listener, and
 * as much for each duration that there is: too much for each of some ten thousand idle connections.
 */
export class SharedTimers<T> {
  private readonly moments = new Map<number, Moment<T>>();

  constructor(private readonly ring: (one: T) => void) {}

  /** @param moment by whichever clock; those who name the same are due together @param inMs until then */
  add(moment: number, inMs: number, one: T): void {
    const known = this.moments.get(moment);
    if (known) return void known.due.add(one);
    const timer = setTimeout(() => {
      const due = this.moments.get(moment)?.due ?? [];
      this.moments.delete(moment);
      for (const each of due) this.ring(each);
    }, inMs);
    this.moments.set(moment, { timer, due: new Set([one]) });
  }

  delete(moment: number, one: T): void {
    const known = this.moments.get(moment);
    if (!known?.due.delete(one) || known.due.size > 0) return;
    clearTimeout(known.timer);
    this.moments.delete(moment);
  }
}
