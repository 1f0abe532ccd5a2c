import { AppError } from '@agent-messenger/service-kit';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../cursors';
import type { Tx } from '../driver/transactions';

const position = z.int().min(0);
/**
 * State of the database at the start of a listing: its log, and the oldest transaction that was under way. What those
 * before it have changed was seen; what it and later ones change comes again, whenever they commit.
 */
const syncTokenSchema = z.object({ log_id: z.string(), rev: position });
/** A listing's next page: its token, what it was asked to list changes since, and where the last page ended. */
const listCursorSchema = syncTokenSchema.extend({
  since: position.nullable(),
  before: position,
});

/** What a listing goes by. */
export interface Listing {
  log_id: string;
  rev: number;
  /** Changes since that transaction; null: everything. */
  since: number | null;
  before: number | null;
}

const STATE = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS rev,
  (SELECT value FROM meta WHERE key = 'forgotten_rev')::bigint AS forgotten`;

/** Where a listing stands, and the state of the database when it began. Throws `sync_token_expired`. */
export async function listingOf(
  tx: Tx,
  logId: () => string,
  { since, cursor }: { since?: string | undefined; cursor?: string | undefined },
): Promise<Listing> {
  const found = await tx.get<{ rev: number; forgotten: number | null }>(STATE);
  const { rev = 0, forgotten = null } = found ?? {};
  const ours = <T extends { log_id: string; rev: number }>(token: T): T => {
    if (token.log_id !== logId() || token.rev > rev) {
      throw new AppError('sync_token_expired', 'The log is another one now: reload.');
    }
    return token;
  };
  const complete = (from: number | null): number | null => {
    if (from !== null && forgotten !== null && from <= forgotten) {
      throw new AppError('sync_token_expired', 'Too long ago to know what is gone: reload.');
    }
    return from;
  };
  if (cursor !== undefined) {
    const listing = ours(decodeCursor(listCursorSchema, cursor));
    return { ...listing, since: complete(listing.since) };
  }
  const from = since === undefined ? null : ours(decodeCursor(syncTokenSchema, since)).rev;
  return { log_id: logId(), rev, since: complete(from), before: null };
}

export function syncTokenOf({ log_id, rev }: Listing): string {
  return encodeCursor({ log_id, rev });
}

export function cursorOf({ log_id, rev, since }: Listing, before: number): string {
  return encodeCursor({ log_id, rev, since, before });
}
