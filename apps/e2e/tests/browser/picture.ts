import { findRoot } from '@agent-messenger/testkit';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** With UPDATE_SCREENSHOTS the pictures of docs/web.md are made anew. */
declare const updateScreenshots: boolean;

export async function picture(page: Page, name: string): Promise<void> {
  if (!updateScreenshots) return;
  const folder = join(findRoot(), 'docs/images/web');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
