import { AppError } from '@agent-messenger/service-kit';
import { takePage } from '../../pages';
import type { Store } from '../../store';
import { unpackConversationId } from '../driver/ids';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';
import { CONVERSATION_SELECT, toConversations, type ConversationRow } from './conversation-reader';
import { cursorOf, listingOf, syncTokenOf, type Listing } from './sync-token';

/** Who missed more removals than this reloads. */
const REMOVED_MAX = 1_000;
/** Conversations that a page looks at for what has changed: what it costs is bounded, whatever it finds. */
const LOOKED_AT = 1_000;
/** Built at a time: a page of the largest last messages is not read to be thrown away. */
const BUILT_AT_ONCE = 25;

const IDENTITY = '(SELECT n FROM identities WHERE id = $1)';
// What a member shows of itself, its name for one, is that of its identity.
const PAGE = `${CONVERSATION_SELECT}
  JOIN listings l ON l.conversation = m.conversation AND l.identity = m.identity
  WHERE l.identity = ${IDENTITY} AND l.activity < $2 AND l.activity >= $3
    AND (m.rev >= $4 OR c.rev >= $4 OR EXISTS (
      SELECT 1 FROM members o JOIN identities i ON i.n = o.identity
      WHERE o.conversation = c.id AND o.left_seq IS NULL AND i.rev >= $4))
  ORDER BY l.activity DESC LIMIT $5`;
const LAST_LOOKED_AT = `SELECT activity FROM listings
  WHERE identity = ${IDENTITY} AND activity < $2
  ORDER BY activity DESC LIMIT 2 OFFSET ${LOOKED_AT - 1}`;
const REMOVED = `SELECT m.conversation FROM members m JOIN conversations c ON c.id = m.conversation
  WHERE m.identity = ${IDENTITY} AND m.gone_rev >= $2 LIMIT ${REMOVED_MAX + 1}`;

export function createListConversations({
  logId,
  read,
}: Postgres): Pick<Store, 'listConversations'> {
  /** Where a page that looks for changes ends at the latest; null: it goes to the end. */
  async function stopOf(tx: Tx, identityId: string, listing: Listing, before: number) {
    if (listing.since === null) return null;
    const found = await tx.all<{ activity: number }>(LAST_LOOKED_AT, [identityId, before]);
    const [end, beyond] = found;
    return beyond === undefined ? null : (end?.activity ?? null);
  }

  async function removedSince(tx: Tx, identityId: string, { since, before }: Listing) {
    if (since === null || before !== null) return [];
    const removed = await tx.all<{ conversation: string }>(REMOVED, [identityId, since]);
    if (removed.length > REMOVED_MAX) {
      throw new AppError('sync_token_expired', 'Too much has changed since: reload.');
    }
    return removed.map(({ conversation }) => unpackConversationId(conversation));
  }

  /** Conversations of the rows until the page is full by count or by bytes. */
  async function build(tx: Tx, rows: readonly ConversationRow[], limit: number, compact?: boolean) {
    const built: { row: ConversationRow; conversation: object }[] = [];
    for (let from = 0; from < rows.length; from += BUILT_AT_ONCE) {
      const some = rows.slice(from, from + BUILT_AT_ONCE);
      const conversations = await toConversations(tx, some, compact);
      for (const [index, conversation] of conversations.entries()) {
        built.push({ row: some[index] as ConversationRow, conversation });
      }
      const page = takePage(built, ({ conversation }) => conversation, { limit });
      if (page.more) return page;
    }
    return takePage(built, ({ conversation }) => conversation, { limit });
  }

  return {
    async listConversations({ identity_id, since, limit, cursor, compact }) {
      return read(async (tx) => {
        const listing = await listingOf(tx, logId, { since, cursor });
        // Every row's rev is above -1: without `since` everything is listed.
        const from = listing.since ?? -1;
        const before = listing.before ?? Number.MAX_SAFE_INTEGER;
        const stop = await stopOf(tx, identity_id, listing, before);
        const [rows, removed] = await Promise.all([
          tx.all<ConversationRow>(PAGE, [identity_id, before, stop ?? -1, from, limit + 1]),
          removedSince(tx, identity_id, listing),
        ]);
        const { taken, last, more } = await build(tx, rows, limit, compact);
        const goesOnBefore = more ? (last?.row.activity ?? null) : stop;
        return {
          conversations: taken as never,
          removed,
          next_cursor: goesOnBefore === null ? null : cursorOf(listing, goesOnBefore),
          sync_token: syncTokenOf(listing),
          log_id: logId(),
        };
      });
    },
  };
}
