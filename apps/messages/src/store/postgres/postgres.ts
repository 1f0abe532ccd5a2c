import type { KeyObject } from 'node:crypto';
import type { Transactions } from './driver/transactions';

/** What the parts of the store share. */
export interface Postgres extends Transactions {
  /** Of the log, as the last transaction found it. */
  logId(): string;
  /** The digests of sends are keyed with it, and cursors that nobody else is to make up. */
  digestKey: KeyObject;
  now(): Date;
}
