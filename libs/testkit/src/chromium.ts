import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { LaunchError } from './stack/launch-error';

/** Where Debian, Google and macOS put it; undefined where there is none. */
export function findChromium(): string | undefined {
  return [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ].find((path) => existsSync(path));
}

/** @throws LaunchError when there is none */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new LaunchError('There is no Chromium: install it.');
  // Whoever opens no page does not load what opens pages.
  const { chromium } = await import('playwright-core');
  // Without a sandbox: its users may be root, and open only their own pages.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
