import type { Outcome, Verdict } from '../provider';

/** Statuses of a push service: RFC 8030 and RFC 8292. 406 is what that of Windows says for 429. */
export function webPushVerdict(status: number, retryAfterMs?: number): Verdict {
  return {
    outcome: byStatus(status),
    reason: `status_${status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    // Our VAPID key is not the one that this browser subscribed with.
    ...((status === 401 || status === 403) && { alarm: true }),
  };
}

function byStatus(status: number): Outcome {
  if (status === 404 || status === 410) return 'gone';
  // May count for one subscription: then it must not hold up those of others.
  if (status === 429 || status === 406) return 'later';
  return status >= 500 ? 'down' : 'refused';
}
