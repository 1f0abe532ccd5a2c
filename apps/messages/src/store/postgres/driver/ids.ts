/** Ids that are UUIDs in the database and longer texts everywhere else. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CONVERSATION = 'cnv_';
const MESSAGE = 'msg_';

/** null: no conversation has this id. */
export function packConversationId(id: string): string | null {
  return pack(CONVERSATION, id);
}
export function unpackConversationId(uuid: string): string {
  return CONVERSATION + uuid;
}

/** null: no message has this id. */
export function packMessageId(id: string): string | null {
  return pack(MESSAGE, id);
}
export function unpackMessageId(uuid: string): string {
  return MESSAGE + uuid;
}

function pack(prefix: string, id: string): string | null {
  if (!id.startsWith(prefix)) return null;
  const uuid = id.slice(prefix.length);
  return UUID.test(uuid) ? uuid : null;
}
