import {
  startPushStandins,
  type PushStandins,
  type ShownNotification,
} from '@agent-messenger/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What to do to see one. */
export const pushHint =
  '  Pushes      are shown here: POST /push/register {"device_id": "phone", "platform": "fcm", "token": "any"}, go offline';

/** Stand-ins that print what a phone would show. */
export async function startShownStandins(say: (text: string) => void): Promise<PushStandins> {
  const dir = mkdtempSync(join(tmpdir(), 'am-push-standins-'));
  const standins = await startPushStandins({
    dir,
    onNotification: (notification) => say(phoneScreen(notification)),
  });
  return {
    ...standins,
    async stop() {
      await standins.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const WIDTH = 48;

/** A notification on a locked screen. */
export function phoneScreen(shown: ShownNotification): string {
  const { platform, token, title, body, badge, change } = shown;
  const device = `${platform} …${token.slice(-8)}`;
  if (change === 'withdrawn') return `── ${device} ── notification withdrawn, ${badge} unread`;
  const head = `── ${device} ── ${badge} unread `;
  return [
    `┌${head.padEnd(WIDTH, '─')}┐`,
    ...[title, ...lines(body)].map((line) => `│ ${line.padEnd(WIDTH - 2)} │`),
    `└${'─'.repeat(WIDTH)}┘`,
  ].join('\n');
}

/** Broken where it fits; terminals differ in how wide they show some characters, so the frame may be off. */
function lines(text: string): string[] {
  const width = WIDTH - 2;
  const rows = [''];
  for (const word of text.split(' ')) {
    const row = rows.at(-1) ?? '';
    const joined = row === '' ? word : `${row} ${word}`;
    if (joined.length <= width || row === '') rows[rows.length - 1] = joined;
    else rows.push(word);
  }
  return rows;
}
