import type { Store } from './store';

export type ConnectionCalls = Pick<
  Store,
  | 'authorize'
  | 'checkCredentials'
  | 'connect'
  | 'listPending'
  | 'countConversations'
  | 'counterparts'
  | 'lastConnected'
>;

/** How many undelivered conversations `connect` lists; the rest comes by listPending. */
export const PENDING_PAGE = 1_000;
/** Conversations that are looked through for the counterparts of a new connection, the most recently active first. */
export const RECENT_CONVERSATIONS = 1_000;
