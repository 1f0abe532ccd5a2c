const UNLIMITED = '100000000';

/** For gateways whose limits are not what is measured or tested: all load comes from one address. */
export const LIFTED_LIMITS: Record<string, string> = Object.fromEntries(
  [
    'SENDS_PER_MINUTE',
    'SENDS_PER_MINUTE_IP',
    'READS_PER_MINUTE',
    'ANSWER_BYTES_PER_REQUEST',
    'RECEIPTS_PER_MINUTE',
    'SIGNALS_PER_MINUTE',
    'STREAM_APPENDS_PER_MINUTE',
    'STREAM_BYTES_PER_MINUTE',
    'REFUSALS_PER_MINUTE',
    'FRAMES_PER_MINUTE',
    'FRAME_BYTES_PER_SECOND',
    'CONNECTS_PER_MINUTE_IP',
    'TAKE_OVERS_PER_MINUTE',
    'LOGINS_PER_MINUTE_IP',
    'REFRESHES_PER_MINUTE_IP',
    'REGISTRATIONS_PER_HOUR_IP',
    'WRONG_KEYS_PER_MINUTE_IP',
    'REQUESTS_PER_MINUTE_IP',
  ].map((name) => [name, UNLIMITED]),
);

/** For `messages`, in the same case. */
export const LIFTED_QUOTAS: Record<string, string> = Object.fromEntries(
  ['PERSON', 'AGENT', 'ADDRESS'].flatMap((of) => [
    [`STORAGE_${of}_DAY_MIB`, '0'],
    [`STORAGE_${of}_MIB`, '0'],
  ]),
);
