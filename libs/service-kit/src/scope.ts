import type { Logger } from './logger';

/** How long a service takes to close at most; what sends SIGKILL afterwards has to wait longer. */
export const CLOSE_DEADLINE_MS = 25_000;

/**
 * What a service has opened, to be closed last-opened-first: open a thing and register its close on the next line.
 * Closing happens once, goes on past failures, and gives up on whatever is left when the deadline passes.
 */
export class Scope {
  private readonly closers: { name: string; close: () => unknown }[] = [];
  private closing: Promise<void> | undefined;

  constructor(private readonly log: Logger) {}

  defer(name: string, close: () => unknown): void {
    this.closers.push({ name, close });
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.closing ??= this.closeAll(deadlineMs);
    return this.closing;
  }

  private async closeAll(deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<'deadline'>((resolve) => {
      timer = setTimeout(() => resolve('deadline'), deadlineMs);
    });
    for (let next = this.closers.pop(); next !== undefined; next = this.closers.pop()) {
      const { name, close } = next;
      const closed = Promise.resolve()
        .then(close)
        .catch((error: unknown) => this.log.warn({ err: error, part: name }, 'close failed'));
      if ((await Promise.race([closed, deadline])) === 'deadline') {
        this.log.warn({ part: name }, 'not closed within the deadline');
      }
    }
    clearTimeout(timer);
  }
}
