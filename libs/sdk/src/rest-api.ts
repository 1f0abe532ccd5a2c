/** The REST routes alone, for programs that keep no connection: no socket library comes with it. */
export { gatewayUrl } from './endpoints';
export { MessengerError, type MessengerErrorCode } from './errors';
export { createRest } from './register';
export type { Rest, RestCredential, RestInput } from './rest';
