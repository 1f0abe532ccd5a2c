import type { CallRequest, CallResponse, messagesCalls } from '@agent-messenger/contracts';

type MessagesCalls = typeof messagesCalls;

/**
 * Calls that only read and whose answers are pages, or built from many rows. Whoever makes one waits for its turn
 * behind its own calls only. null: of operators, who are one.
 *
 * Look-ups of a few rows by their keys (`authorize`, `getUser` and so on) are not among them: to hand one over costs
 * more than to answer it.
 */
export const READ_CALLS = {
  exportUser: ({ user_id }) => user_id,
  listSessions: ({ user_id }) => user_id,
  listUsers: () => null,
  listAgents: () => null,
  listAgentKeys: () => null,
  listAudit: () => null,
  listPending: ({ identity_id }) => identity_id,
  counterparts: ({ identity_id }) => identity_id,
  readLog: ({ identity_id }) => identity_id,
  listEvents: ({ identity_id }) => identity_id,
  listMessages: ({ identity_id }) => identity_id,
  getConversation: ({ identity_id }) => identity_id,
  listConversations: ({ identity_id }) => identity_id,
  listMembers: ({ identity_id }) => identity_id,
  pushState: ({ user_id }) => user_id,
  // Of the push workers, who are one: the people do not wait behind their own pushes.
  pushStates: () => 'push workers',
} satisfies {
  [N in keyof MessagesCalls]?: (request: CallRequest<MessagesCalls, N>) => string | null;
};

export type ReadCall = keyof typeof READ_CALLS;
export type ReadRequest<N extends ReadCall> = CallRequest<MessagesCalls, N>;
export type ReadResponse<N extends ReadCall> = CallResponse<MessagesCalls, N>;
export type Reads = { [N in ReadCall]: (request: ReadRequest<N>) => Promise<ReadResponse<N>> };

/** Who makes the call; the empty text is operators. */
export function readerOf<N extends ReadCall>(call: N, request: ReadRequest<N>): string {
  const of = READ_CALLS[call] as (request: ReadRequest<N>) => string | null;
  return of(request) ?? '';
}
