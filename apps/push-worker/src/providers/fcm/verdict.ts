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
  THIRD_PARTY_AUTH_ERROR: 'misconfigured',
};

/**
 * From the answer itself: firebase-admin tells a dead token and an unknown project by the same code, and only
 * FcmError says which it was.
 */
export function fcmVerdict({ status, body, retryAfterMs }: FcmAnswer): Verdict {
  const code = fcmErrorCode(body);
  return {
    outcome: (code !== undefined && BY_CODE[code]) || byStatus(status),
    reason: code ?? `status_${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    // The app on this device belongs to another Firebase project.
    ...(code === 'SENDER_ID_MISMATCH' && { alarm: true }),
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
