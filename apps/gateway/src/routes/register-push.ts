import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { ECDH } from 'node:crypto';
import { credentialOf, identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function registerPush(messages: Client<typeof messagesCalls>): RouteHandler<'registerPush'> {
  return async ({ body }, caller) => {
    if (body.keys && !isOnCurve(body.keys.p256dh)) {
      throw new AppError('invalid_payload', 'keys.p256dh is not a point of P-256.');
    }
    await messages.registerPush({
      user_id: identityOf(caller).id,
      session_id: credentialOf(caller),
      registration: body,
    });
    return { body: undefined };
  };
}

/** Nothing could ever be encrypted for another point: every push would end as a dead letter. */
function isOnCurve(p256dh: string): boolean {
  try {
    ECDH.convertKey(Buffer.from(p256dh, 'base64url'), 'prime256v1');
    return true;
  } catch {
    return false;
  }
}
