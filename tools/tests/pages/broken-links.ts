import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readPage, type Page } from './page';

/** Links of a page into this repository that lead nowhere. */
export function brokenLinks(root: string, page: Page): string[] {
  return page.links.filter((link) => {
    if (/^(https?|mailto):/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? page.file : join(dirname(page.file), path);
    if (!existsSync(join(root, file))) return true;
    if (anchor === undefined) return false;
    const target = path === '' ? page : file.endsWith('.md') ? readPage(root, file) : undefined;
    return !target?.anchors.includes(anchor);
  });
}
