import type { authCalls, Client, Handlers, messagesCalls } from '@agent-messenger/contracts';

export type AuthHandlers = Handlers<typeof authCalls>;

/** The messages service: every record of auth is there. */
export type Store = Client<typeof messagesCalls>;
