import {
  androidDevice,
  appleDevice,
  notification,
  startProviderSetup,
  type ProviderSetup,
} from './provider-setup';

let setup: ProviderSetup;
beforeAll(async () => {
  setup = await startProviderSetup();
});
afterAll(() => setup.stop());

test.each([
  ['apns' as const, appleDevice()],
  ['fcm' as const, androidDevice()],
])('%s takes what an app is told without its person noticing', async (platform, device) => {
  const provider = await setup.create(platform);
  const conversation_id = `cnv_${platform}`;
  const ids = { conversation_id, badge: 0 };
  await provider.send(
    notification({ ...ids, change: 'withdrawn', title: 'Echo', body: '' }),
    device,
  );
  await provider.send(notification({ ...ids, change: 'updated', body: 'better' }), device);
  const common = { platform, token: device.token, badge: 0, collapse_id: conversation_id };
  expect(setup.shown(conversation_id)).toMatchObject([
    { ...common, change: 'withdrawn', title: '', body: '', urgent: false },
    { ...common, change: 'updated', title: 'Echo', body: 'better', urgent: false },
  ]);
  expect(setup.shown(conversation_id).every(({ sound }) => sound === undefined)).toBe(true);
  expect(setup.standins[platform].complaints).toEqual([]);
});
