import type { Database } from 'better-sqlite3';
import { packMessageId, packUuid, type Packed } from './packed';
import { MESSAGE_SELECT, unpackMessage, type MessageRow, type StoredMessage } from './rows';

export type SentMessage = MessageRow & { digest: Buffer };

/** Messages by what their senders know of them. */
export interface SentMessages {
  /** @param sender its number */
  find(sender: number, clientId: string): SentMessage | undefined;
  isIn(conversation: number, messageId: string): boolean;
}

export function createSentMessages(db: Database): SentMessages {
  const byClientId = db.prepare<[number, Packed], StoredMessage & { digest: Buffer }>(
    `${MESSAGE_SELECT} WHERE x.actor = ? AND x.client_id = ?`,
  );
  const inConversation = db.prepare<[Packed, number]>(
    'SELECT 1 FROM log WHERE id = ? AND conversation = ?',
  );
  return {
    find(sender, clientId) {
      const stored = byClientId.get(sender, packUuid(clientId));
      return stored && { ...unpackMessage(stored), digest: stored.digest };
    },
    isIn: (conversation, messageId) =>
      inConversation.get(packMessageId(messageId), conversation) !== undefined,
  };
}
