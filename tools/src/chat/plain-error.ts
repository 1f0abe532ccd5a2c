import { MessengerError } from '@agent-messenger/sdk';
import { ChatError } from './options';

/** The same failure as one line for the person at the terminal. */
export function plainError(error: unknown, during: 'login' | 'chat'): unknown {
  if (!(error instanceof MessengerError)) return error;
  switch (error.code) {
    case 'unauthorized':
      if (during === 'login') return new ChatError('wrong username or password');
      return new ChatError(`the login is no longer valid: ${error.message}`);
    case 'rate_limited': {
      const seconds = Math.ceil((error.retryAfterMs ?? 1_000) / 1_000);
      return new ChatError(`${error.message}: try again in ${seconds} s`);
    }
    case 'replaced':
      return new ChatError('this user connected elsewhere, which ended this connection');
    default:
      return new ChatError(`${error.message} (${error.code})`);
  }
}
