import { isTemporary, MessengerError } from '@agent-messenger/sdk/browser';
import { words } from '../i18n/i18n';

/** What went wrong, for whoever wanted it. */
export function problemText(error: unknown): string {
  const { signIn, composer } = words();
  if (!(error instanceof MessengerError)) return composer.actionFailed(String(error));
  const { code, message } = error;
  if (code === 'rate_limited') return signIn.tooMany;
  return isTemporary(error) ? signIn.unreachable : composer.actionFailed(message);
}
