import type { PushConfig, PushRegistration } from '@agent-messenger/contracts';
import { allowingPushOrigin, AppError } from '@agent-messenger/service-kit';

/**
 * Refuses a browser at a push service that nothing is sent to: each of its pushes would end as a dead letter.
 * @throws AppError `invalid_payload`
 */
export function checkRegistration(
  { platform, token }: PushRegistration,
  config: PushConfig | null,
): void {
  const origins = config?.webpush_origins;
  if (platform !== 'webpush' || !origins) return;
  const url = new URL(token);
  const hasUser = url.username !== '' || url.password !== '';
  if (hasUser || allowingPushOrigin(url, origins) === undefined) {
    throw new AppError('invalid_payload', 'token is at a push service that is not allowed here.');
  }
}
