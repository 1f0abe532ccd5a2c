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

/** Counterparts as `connect` tells them, with when those that have been here last connected. */
export function listed(counterparts: readonly { id: string; at: string | null }[]) {
  const seen = counterparts.flatMap(({ id, at }) => (at === null ? [] : [[id, at] as const]));
  return {
    counterparts: counterparts.map(({ id }) => id),
    last_connected: Object.fromEntries(seen),
  };
}
