import type { Outcome, Verdict } from '../provider';

export interface FcmAnswer {
  status: number;
  /** Parsed body. */
  body: unknown;
  retryAfterMs?: number;
}

/** FcmError codes: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode */
const BY_CODE: Record<string, Outcome> = {
  UNREGISTERED: 'gone',
  INVALID_ARGUMENT: 'refused',
  SENDER_ID_MISMATCH: 'refused',
  QUOTA_EXCEEDED: 'down',
  UNAVAILABLE: 'down',
  INTERNAL: 'down',
  THIRD_PARTY_AUTH_ERROR: 'refused',
};
/** What is set up wrongly, though for some devices only: they must not hold up the others. */
const ALARMS: Record<string, true> = {
  // The app on this device belongs to another Firebase project.
  SENDER_ID_MISMATCH: true,
  // Firebase lacks the key with which it reaches Apple's devices or browsers.
  THIRD_PARTY_AUTH_ERROR: true,
};
/** As FCM asks for when an answer 429 has no Retry-After: https://firebase.google.com/docs/cloud-messaging/scale-fcm */
const QUOTA_WAIT_MS = 60_000;

/**
 * From the answer itself: firebase-admin tells a dead token and an unknown project by the same code, and only
 * FcmError says which it was.
 */
export function fcmVerdict({ status, body, retryAfterMs }: FcmAnswer): Verdict {
  const code = fcmErrorCode(body) ?? '';
  const waitMs = retryAfterMs ?? (status === 429 ? QUOTA_WAIT_MS : undefined);
  return {
    outcome: BY_CODE[code] ?? byStatus(status),
    reason: code || `status_${status}`,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    ...(ALARMS[code] && { alarm: true }),
  };
}

function byStatus(status: number): Outcome {
  if (status === 429 || status >= 500) return 'down';
  return status === 400 ? 'refused' : 'misconfigured';
}

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

interface ErrorBody {
  error?: { details?: { '@type'?: unknown; errorCode?: unknown }[] };
}

function fcmErrorCode(body: unknown): string | undefined {
  const details = (body as ErrorBody | null)?.error?.details;
  if (!Array.isArray(details)) return undefined;
  const code = details.find((detail) => detail['@type'] === FCM_ERROR)?.errorCode;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
}
