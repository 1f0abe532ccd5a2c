import type { AuditRecord, Client, messagesCalls, Origin } from '@agent-messenger/contracts';
import type { Counter } from 'prom-client';
import { AppError } from './errors';
import type { Logger } from './logger';

/** Records that wait to be sent, and records in one call. More are dropped and counted: a flood must not fill the store. */
const MOST_WAITING = 200;
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
 * waits for a record: records are sent together, at most so many a second, and kept while the store is away.
 */
export class AuditLog {
  private readonly waiting: AuditRecord[] = [];
  private droppedSince = 0;
  /** Set from the first record that waits until all are sent: there is one call at a time. */
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
    if (this.waiting.length < MOST_WAITING) this.waiting.push(record);
    else {
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
    await this.send();
  }

  private later(): NodeJS.Timeout {
    return setTimeout(() => {
      this.flushing = this.send().finally(() => {
        this.timer = this.waiting.length > 0 ? this.later() : undefined;
      });
    }, FLUSH_MS);
  }

  private async send(): Promise<void> {
    const records = [...this.waiting];
    if (records.length === 0) return;
    const { store, log } = this.options;
    try {
      await store.recordAudit({ records });
      this.waiting.splice(0, records.length);
    } catch (error) {
      log.warn({ waiting: records.length, reason: String(error) }, 'audit records wait');
    }
    if (this.droppedSince > 0) log.warn({ dropped: this.droppedSince }, 'audit records dropped');
    this.droppedSince = 0;
  }
}
