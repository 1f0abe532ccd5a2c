import type { AuditRecord, Client, messagesCalls, Origin } from '@agent-messenger/contracts';
import type { Counter } from 'prom-client';
import { AppError } from './app-error';
import type { Logger } from './logger';
import { RefusalWindows } from './refusal-windows';

/** Pairs of address and action within a minute; more are dropped and counted: a flood must not fill the memory. */
const MOST_WINDOWS = 2_000;
/** Records in one call. */
const PAGE = 500;
const FLUSH_MS = 1_000;

interface AuditLogOptions {
  store: Pick<Client<typeof messagesCalls>, 'recordAudit'>;
  dropped: Counter;
  log: Logger;
}

/** What was acted upon, once that is known. */
export interface About {
  target: string | null;
}

/**
 * Refusals for the audit log, which is in the store; what succeeds is recorded there, with the change itself. Nobody
 * waits for a record: they are put together by address, action and minute, sent each second, and kept while the store
 * is away.
 */
export class AuditLog {
  private readonly windows = new RefusalWindows({ most: MOST_WINDOWS });
  private droppedSince = 0;
  /** Set while something is not sent: there is one call at a time. */
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly options: AuditLogOptions) {}

  /** Carries out the work, and records when it is refused. */
  async watch<T>(
    action: AuditRecord['action'],
    by: Origin,
    work: (about: About) => Promise<T>,
  ): Promise<T> {
    const about: About = { target: null };
    try {
      return await work(about);
    } catch (error) {
      // What could not be decided is no refusal, and a bug is in the service's own log.
      if (error instanceof AppError && error.code !== 'unavailable') {
        this.record({ ...by, action, target: about.target, result: error.code });
      }
      throw error;
    }
  }

  record(record: AuditRecord): void {
    if (!this.windows.add(record)) {
      this.droppedSince += 1;
      this.options.dropped.inc();
    }
    this.timer ??= this.later();
  }

  /** Tries once more to send what waits. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.flushing;
    clearTimeout(this.timer);
    await this.send({ isLast: true });
  }

  private later(): NodeJS.Timeout {
    return setTimeout(() => {
      this.flushing = this.send().finally(() => {
        this.timer = this.windows.hasUnsent ? this.later() : undefined;
      });
    }, FLUSH_MS);
  }

  private async send(options: { isLast?: boolean } = {}): Promise<void> {
    const { store, log } = this.options;
    const due = this.windows.due(options);
    try {
      for (let from = 0; from < due.length; from += PAGE) {
        const page = due.slice(from, from + PAGE);
        await store.recordAudit({ records: page.map(({ record }) => record) });
        for (const { taken } of page) taken();
      }
    } catch (error) {
      log.warn({ waiting: due.length, reason: String(error) }, 'audit records wait');
    }
    if (this.droppedSince > 0) log.warn({ dropped: this.droppedSince }, 'audit records dropped');
    this.droppedSince = 0;
  }
}
