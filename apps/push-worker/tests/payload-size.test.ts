import { PUSH_PLATFORMS } from '@agent-messenger/contracts';
import { firstLine } from '../src/preview';
import {
  androidDevice,
  appleDevice,
  browser,
  notification,
  startProviderSetup,
  type ProviderSetup,
} from './provider-setup';

let setup: ProviderSetup;
beforeAll(async () => {
  setup = await startProviderSetup();
});
afterAll(() => setup.stop());

// What takes most bytes: three for a UTF-16 unit in UTF-8, six for a control character in JSON.
const texts = { wide: '字', control: '\u0001', emoji: '👩‍👩‍👧‍👦' };

test.each(PUSH_PLATFORMS.flatMap((platform) => Object.keys(texts).map((text) => [platform, text])))(
  '%s: the longest name, preview and question (%s) fit into what the provider takes',
  async (platform, name) => {
    const text = texts[name as keyof typeof texts];
    const provider = await setup.create(platform as (typeof PUSH_PLATFORMS)[number], {
      WEBPUSH_NAVIGATE: `https://chat.example/${'p'.repeat(900)}/#{conversation_id}`,
    });
    const devices = {
      apns: appleDevice(),
      fcm: androidDevice(),
      webpush: browser(setup.standins),
    };
    const conversation_id = `cnv_${'z'.repeat(26)}`;
    const what = notification({
      conversation_id,
      seq: Number.MAX_SAFE_INTEGER,
      badge: 1_000,
      title: text.repeat(80 / text.length),
      body: `${firstLine(text.repeat(10_000))}\n${firstLine(text.repeat(10_000))}`,
    });
    await provider.send(what, devices[platform as keyof typeof devices]);
    const { title, body, seq } = what;
    expect(setup.shown(conversation_id).at(-1)).toMatchObject({ platform, title, body, seq });
  },
);
