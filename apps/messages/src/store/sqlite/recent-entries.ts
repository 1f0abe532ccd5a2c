import { charsOf } from '@agent-messenger/contracts';
import type { LogEntry } from '../store';

/** A new message and where the log has it, as it was committed. */
export interface RecentEntry {
  pos: number;
  entry: LogEntry;
}

interface Kept extends RecentEntry {
  chars: number;
}

/** Characters of messages that wait for the relay whole; those beyond are read from the log when it is their turn. */
const MOST_CHARS = 8 * 1024 * 1024;
const MOST_ENTRIES = 10_000;

/**
 * New messages on their way to the relay, so that it does not read what was written a moment ago: that was a fifth of
 * what a send cost. There is one writer, and whatever changes a message, its conversation or who is in it is an event
 * of another type: then nothing is kept, and the relay reads the log, which has all messages as they are now.
 */
export class RecentEntries {
  /** At positions that follow each other. */
  private entries: Kept[] = [];
  private chars = 0;
  private changes = 0;
  /** Where the log was written last, committed or not: nothing is beyond it. */
  private head = Infinity;

  /** Rises with `invalidate`: a transaction's messages are kept when nothing was changed since it began. */
  get generation(): number {
    return this.changes;
  }

  /** An event is being written at `pos`. */
  moveHead(pos: number): void {
    this.head = pos;
  }

  /** An event of another type is being written: what is kept may be stale. */
  invalidate(): void {
    this.changes += 1;
    this.drop(this.entries.length);
  }

  /** After their commit. @param generation what it was when their transaction began */
  add(added: readonly RecentEntry[], generation: number): void {
    if (generation !== this.changes) return;
    for (const each of added) {
      const isNext = this.entries.at(-1)?.pos === each.pos - 1;
      if (!isNext || this.entries.length >= MOST_ENTRIES || this.chars > MOST_CHARS) {
        this.drop(this.entries.length);
      }
      const chars = charsOf(each.entry.event);
      this.entries.push({ ...each, chars });
      this.chars += chars;
    }
  }

  /**
   * The entries right after `pos`, at most `limit` and some `maxChars`, and where they end; undefined when the log has
   * to be read. Those up to `pos` are not asked for again.
   */
  after(
    pos: number,
    { limit, maxChars }: { limit: number; maxChars: number },
  ): { entries: LogEntry[]; end: number } | undefined {
    // At the head, and after each step of the relay it is: the log need not be asked.
    if (pos >= this.head) return { entries: [], end: pos };
    const first = this.entries[0]?.pos;
    if (first === undefined || pos + 1 < first) return undefined;
    this.drop(Math.min(pos + 1 - first, this.entries.length));
    const taken: LogEntry[] = [];
    let chars = 0;
    for (const each of this.entries) {
      chars += each.chars;
      if (taken.length === limit || (taken.length > 0 && chars > maxChars)) break;
      taken.push(each.entry);
    }
    return taken.length === 0 ? undefined : { entries: taken, end: pos + taken.length };
  }

  private drop(count: number): void {
    for (const each of this.entries.splice(0, count)) this.chars -= each.chars;
  }
}
