import { z } from 'zod';

const position = z.int().min(0);
/** State of the store at the start of a listing: its log and the revision of its last change. */
export const syncTokenSchema = z.object({ log_id: z.string(), rev: position });
/** A listing's next page: its token, what it was asked to list changes since, and where the last page ended. */
export const listCursorSchema = syncTokenSchema.extend({
  since: position.nullable(),
  before_pos: position,
});
