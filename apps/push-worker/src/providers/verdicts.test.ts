import { apnsVerdict } from './apns/verdict';
import { fcmVerdict } from './fcm/verdict';
import { parseRetryAfter } from './retry-after';
import { webPushVerdict } from './webpush/verdict';

test.each([
  [400, 'BadDeviceToken', 'gone'],
  [400, 'DeviceTokenNotForTopic', 'gone'],
  [410, 'Unregistered', 'gone'],
  [410, 'ExpiredToken', 'gone'],
  [400, 'PayloadEmpty', 'refused'],
  [413, 'PayloadTooLarge', 'refused'],
  [400, 'BadCollapseId', 'refused'],
  [400, 'BadTopic', 'misconfigured'],
  [400, 'TopicDisallowed', 'misconfigured'],
  [403, 'InvalidProviderToken', 'misconfigured'],
  [403, 'MissingProviderToken', 'misconfigured'],
  [403, 'BadCertificateEnvironment', 'misconfigured'],
  [404, 'BadPath', 'misconfigured'],
  [403, 'ExpiredProviderToken', 'later'],
  [429, 'TooManyRequests', 'later'],
  [429, 'TooManyProviderTokenUpdates', 'down'],
  [500, 'InternalServerError', 'down'],
  [503, 'ServiceUnavailable', 'down'],
  [503, 'Shutdown', 'down'],
])('APNs %d %s means %s', (status, reason, outcome) => {
  expect(apnsVerdict({ status, reason })).toEqual({ outcome, reason });
});

test('APNs says since when a token is dead; what is no reason is not shown', () => {
  expect(apnsVerdict({ status: 410, reason: 'Unregistered', timestamp: 1_000 }).goneAt).toEqual(
    new Date(1_000),
  );
  expect(apnsVerdict({ status: 500, reason: '<html>secret</html>' }).reason).toBe('status_500');
});

const fcm = (status: number, errorCode?: string) =>
  fcmVerdict({
    status,
    body: {
      error: {
        status: 'NOT_FOUND',
        details: errorCode && [
          { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode },
        ],
      },
    },
  });

test.each([
  [404, 'UNREGISTERED', 'gone'],
  [404, undefined, 'misconfigured'],
  [400, 'INVALID_ARGUMENT', 'refused'],
  [403, 'SENDER_ID_MISMATCH', 'refused'],
  [403, undefined, 'misconfigured'],
  [401, undefined, 'misconfigured'],
  [401, 'THIRD_PARTY_AUTH_ERROR', 'refused'],
  [429, 'QUOTA_EXCEEDED', 'down'],
  [429, undefined, 'down'],
  [500, 'INTERNAL', 'down'],
  [503, 'UNAVAILABLE', 'down'],
  [502, undefined, 'down'],
])('FCM %d %s means %s', (status, code, outcome) => {
  expect(fcm(status, code)).toMatchObject({ outcome, reason: code ?? `status_${status}` });
});

test('FCM: an answer that is no JSON is judged by its status', () => {
  expect(fcmVerdict({ status: 502, body: undefined }).outcome).toBe('down');
  expect(fcm(403, 'SENDER_ID_MISMATCH').alarm).toBe(true);
  expect(fcm(401, 'THIRD_PARTY_AUTH_ERROR').alarm).toBe(true);
  expect(fcm(400, 'INVALID_ARGUMENT').alarm).toBeUndefined();
});

test('FCM: without Retry-After a quota is waited for for a minute', () => {
  expect(fcm(429, 'QUOTA_EXCEEDED').retryAfterMs).toBe(60_000);
  expect(fcmVerdict({ status: 429, body: {}, retryAfterMs: 7 }).retryAfterMs).toBe(7);
  expect(fcm(503, 'UNAVAILABLE').retryAfterMs).toBeUndefined();
});

test.each([
  [404, 'gone'],
  [410, 'gone'],
  [307, 'refused'],
  [400, 'refused'],
  [401, 'refused'],
  [413, 'refused'],
  [429, 'later'],
  [406, 'later'],
  [500, 'down'],
])('Web Push %d means %s', (status, outcome) => {
  expect(webPushVerdict(status).outcome).toBe(outcome);
});

test('Retry-After is seconds or a date, and an hour at most', () => {
  expect(parseRetryAfter('7')).toEqual({ retryAfterMs: 7_000 });
  expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 4_000)).toEqual({ retryAfterMs: 5_000 });
  for (const long of ['3601', '999999999', 'Fri, 31 Dec 9999 23:59:59 GMT']) {
    expect(parseRetryAfter(long)).toEqual({ retryAfterMs: 3_600_000 });
  }
  for (const none of [undefined, '', 'soon', '0', 'Thu, 01 Jan 1970 00:00:01 GMT']) {
    expect(parseRetryAfter(none)).toEqual({});
  }
});
