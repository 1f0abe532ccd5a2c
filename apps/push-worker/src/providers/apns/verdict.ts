import type { Outcome, Verdict } from '../provider';

export interface ApnsAnswer {
  status: number;
  reason: string;
  /** With 410: when Apple last knew the token to be dead, ms since the epoch. */
  timestamp?: number;
  retryAfterMs?: number;
}

/** Reasons of Apple's table whose status alone does not say what to do. */
const BY_REASON: Record<string, Outcome> = {
  BadDeviceToken: 'gone',
  DeviceTokenNotForTopic: 'gone',
  Unregistered: 'gone',
  ExpiredToken: 'gone',
  BadTopic: 'misconfigured',
  MissingTopic: 'misconfigured',
  TopicDisallowed: 'misconfigured',
  InvalidPushType: 'misconfigured',
  BadPath: 'misconfigured',
  MethodNotAllowed: 'misconfigured',
  // The client signs a new one for the next send.
  ExpiredProviderToken: 'later',
  IdleTimeout: 'later',
  // Counts for one device token.
  TooManyRequests: 'later',
  TooManyProviderTokenUpdates: 'down',
};

/**
 * Apple's table of errors:
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */
export function apnsVerdict({ status, reason, timestamp, retryAfterMs }: ApnsAnswer): Verdict {
  const outcome = BY_REASON[reason] ?? byStatus(status);
  return {
    outcome,
    reason: /^\w{1,64}$/.test(reason) ? reason : `status_${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(status === 410 && timestamp !== undefined && { goneAt: new Date(timestamp) }),
  };
}

function byStatus(status: number): Outcome {
  if (status === 403) return 'misconfigured';
  if (status === 429 || status >= 500) return 'down';
  return 'refused';
}
