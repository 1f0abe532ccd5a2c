import { checkRegistration } from './check-registration';

const config = {
  platforms: ['webpush' as const],
  webpush_origins: ['https://push.example', 'https://*.windows.example'],
};
const at = (token: string) => () =>
  checkRegistration({ device_id: 'browser', platform: 'webpush', token }, config);

test.each(['https://push.example/a', 'https://par02.windows.example/w/?token=a'])(
  '%s registers',
  (endpoint) => expect(at(endpoint)).not.toThrow(),
);

test.each([
  'https://elsewhere.example/a',
  'https://push.example:444/a',
  'https://me@push.example/a',
  "https://127.0.0.1'.windows.example/a",
])('%s, to which nothing is sent, is told so at once', (endpoint) =>
  expect(at(endpoint)).toThrow(expect.objectContaining({ code: 'invalid_payload' })),
);

test('where nothing was announced, and on phones, any token registers', () => {
  const registration = { device_id: 'phone', platform: 'apns' as const, token: 'abc' };
  expect(() => checkRegistration(registration, config)).not.toThrow();
  const token = 'https://elsewhere.example/a';
  const browser = { ...registration, platform: 'webpush' as const, token };
  expect(() => checkRegistration(browser, null)).not.toThrow();
});
