import { startPushStack, type PushStack } from './push-setup';

let push: PushStack;
beforeAll(async () => {
  push = await startPushStack();
}, 60_000);
afterAll(() => push.stop(), 60_000);

test('who is offline gets one notification on each device, as it should look', async () => {
  const talk = await push.talk();
  const tokens = [];
  for (const platform of ['apns', 'fcm', 'webpush'] as const) {
    tokens.push(await talk.register(platform));
  }
  const seq = await talk.say('The report is ready.');
  const shown = await talk.untilShown(3).catch((e: unknown) => { console.log(push.stack.logs('push-worker').slice(0, 6000), JSON.stringify([push.standins.apns.complaints, push.standins.fcm.complaints, push.standins.webpush.complaints, push.standins.shown])); throw e; });
  expect(shown.map(({ token }) => token).toSorted()).toEqual(tokens.toSorted());
  for (const notification of shown) {
    expect(notification).toMatchObject({
      title: 'Ada',
      body: 'The report is ready.',
      badge: 1,
      conversation_id: talk.conversation,
      seq,
    });
  }
  const { apns, fcm, webpush } = push.standins;
  expect([apns.complaints, fcm.complaints, webpush.complaints]).toEqual([[], [], []]);
});
