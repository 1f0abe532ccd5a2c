import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocs } from '../src/docs/generated-docs';

const root = join(__dirname, '..', '..');
const docs = generatedDocs(root);

it.each(Object.keys(docs))('%s is current; if not, npm run docs writes it', (path) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(docs[path]);
});

it('documents every variable, with its type and a description', () => {
  const rows = docs['docs/configuration.md']?.match(/^\| `.*$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) expect(row).toMatch(/^\| `\w+` \| \S.* \| \S.* \|$/);
});

it('documents every metric, with its type and a description', () => {
  const rows = docs['docs/metrics.md']?.match(/^\| `.*$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(60);
  for (const row of rows) {
    expect(row).toMatch(/^\| `[a-z0-9_]+` \| (counter|gauge|histogram) \| [`a-z_, ]* \| \S.* \|$/);
  }
});
