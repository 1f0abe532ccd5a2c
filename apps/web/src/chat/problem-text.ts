import { isTemporary, MessengerError } from '@agent-messenger/sdk/browser';
import { inMinutes } from '../i18n/format';
import { words } from '../i18n/i18n';

/** A budget is used up: when there is one again. */
export function tooMany({ retryAfterMs = 60_000 }: MessengerError): string {
  return words().signIn.tooMany(inMinutes(retryAfterMs));
}

/** What went wrong, for whoever wanted it. */
export function problemText(error: unknown): string {
  const { signIn, composer } = words();
  if (!(error instanceof MessengerError)) return composer.actionFailed(String(error));
  const { code, message } = error;
  if (code === 'rate_limited') return tooMany(error);
  return isTemporary(error) ? signIn.unreachable : composer.actionFailed(message);
}
