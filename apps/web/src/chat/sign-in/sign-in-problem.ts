import { isTemporary, MessengerError } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { tooMany } from '../problem-text';

/** What went wrong with signing in or up, in words that say what to do. */
export function signInProblem(error: unknown, { isLink }: { isLink: boolean }): string {
  const w = words().signIn;
  if (!(error instanceof MessengerError)) return w.other(String(error));
  const { code, message } = error;
  switch (code) {
    case 'unauthorized':
      return isLink ? w.linkUsed : w.refused;
    case 'not_found':
      return isLink ? w.linkUsed : w.other(message);
    case 'conflict':
      return w.taken;
    case 'forbidden':
      return w.closed;
    case 'invalid_payload':
      return isLink ? w.linkUsed : `${w.invalid} (${message})`;
    case 'rate_limited':
      return tooMany(error);
    default:
      return isTemporary(error) ? w.unreachable : w.other(message);
  }
}
