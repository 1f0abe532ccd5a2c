import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { brokenLinks } from './pages/broken-links';
import { parsePage, readPage } from './pages/page';
import { readRepository } from './pages/repository';
import { unknownCommands } from './pages/unknown-commands';
import { unknownNames } from './pages/unknown-names';
import { rowsOf, unknownTests } from './pages/unknown-tests';

const root = join(__dirname, '..', '..');
const repository = readRepository(root);
const operations = readPage(root, 'docs/operations.md');

const markdownIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const pages = ['.', 'docs', 'docs/adr', 'libs/sdk'].flatMap(markdownIn);

interface Rules {
  groups: { rules: { alert: string; annotations: { runbook_url: string } }[] }[];
}
const rules = (
  parse(readFileSync(join(root, 'deploy/monitoring/alerts.yml'), 'utf8')) as Rules
).groups.flatMap((group) => group.rules);

test('every alert has its entry in the runbook, and every entry its alert', () => {
  const from = operations.headings.findIndex(({ text }) => text === 'Runbook');
  const after = operations.headings.slice(from + 1);
  const to = after.findIndex(({ level }) => level < 3);
  const entries = (to < 0 ? after : after.slice(0, to)).map(({ text }) => text);
  expect(entries.length).toBeGreaterThan(20);
  expect(entries.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
});

test.each(rules.map(({ alert, annotations }) => [alert, annotations.runbook_url]))(
  'the address of the runbook of %s leads there',
  (alert, url) => {
    const [file, anchor = ''] = url.split('#');
    expect(file).toBe(operations.file);
    expect(operations.headings[operations.anchors.indexOf(anchor)]?.text).toBe(alert);
  },
);

test.each(pages)('the links of %s lead somewhere', (file) => {
  expect(brokenLinks(root, readPage(root, file))).toEqual([]);
});

test.each(pages)('the commands, files and objects that %s names exist', (file) => {
  const page = readPage(root, file);
  expect(unknownCommands(page, repository)).toEqual([]);
});

test.each(['operations', 'scaling', 'kubernetes', 'compose', 'push', 'benchmarks', 'reliability'])(
  'the metrics, variables, routes and log lines that docs/%s.md names exist',
  (name) => {
    expect(unknownNames(readPage(root, `docs/${name}.md`), repository)).toEqual([]);
  },
);

test.each(pages)('the tests that %s cites are there', (file) => {
  expect(unknownTests(root, readPage(root, file))).toEqual([]);
});

test('every line of the security policy cites its tests', () => {
  const rows = rowsOf(readPage(root, 'docs/security.md'), 'The policy');
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter(([, , tests]) => !/^(`[^`]+`: “.+”(<br>)?)+$/.test(tests ?? ''))).toEqual([]);
});

describe('what is wrong is found out', () => {
  const page = (...lines: string[]) => parsePage('docs/operations.md', lines.join('\n'));
  const shell = (...lines: string[]) => page('```sh', ...lines, '```');

  test.each([
    ['[a](y.md)', ['y.md']],
    ['[a](push.md#ded-letters)', ['push.md#ded-letters']],
    ['[a](push.md#dead-letters), [b](https://example.com), `[c](none.md)`', []],
    ['# One\n\n# One\n\n[a](#one-1) [b](#one-2)', ['#one-2']],
  ])('links: %s', (text, broken) => {
    expect(brokenLinks(root, page(text))).toEqual(broken);
  });

  test.each([
    ['npm run admin -- doctr', ['admin doctr']],
    ['npm run frobnicate', ['npm run frobnicate']],
    ['npm run admin -- backup --to /x --kep 3', ['admin backup --kep']],
    ['kubectl exec messages-0 -- node service/admin.js doctor --fast', ['admin doctor --fast']],
    ['docker compose logs --since 15m gatewy # gone', ['docker compose … gatewy']],
    ['docker compose exec backup node service/admin.js restore --latest /b --db /d', []],
    ['kubectl scale deployment/gatway --replicas=2', ['deployment/gatway']],
    ['kubectl apply -k k8s/overlays/prod', ['k8s/overlays/prod']],
    ['kubectl create job x --from=cronjob/backup \\\n  --namespace y', []],
  ])('commands: %s', (line, unknown) => {
    expect(unknownCommands(shell(line), repository)).toEqual(unknown);
  });

  test.each([
    ['`tools/tests/pages.test.ts`: “what is wrong is found out”', []],
    ['`tools/tests/pages.test.ts`: “names: %s”, “nmaes”', ['tools/tests/pages.test.ts: nmaes']],
    ['`tools/tests/none.test.ts`: “names: %s”', ['tools/tests/none.test.ts: names: %s']],
  ])('tests: %s', (text, unknown) => {
    expect(unknownTests(root, page(text))).toEqual(unknown);
  });

  test.each([
    ['`gateway_requests_total`', ['gateway_requests_total']],
    ['`rate(gateway_request_seconds_bucket[5m])`', []],
    ['`MAX_CONECTIONS`', ['MAX_CONECTIONS']],
    ['`JWT_SECRET_FILE`', []],
    ['`GET /admin/audits?action=x`', ['GET /admin/audits?action=x']],
    ['`a call without a token was refused`', ['a call without a token was refused']],
  ])('names: %s', (text, unknown) => {
    expect(unknownNames(page(text), repository)).toEqual(unknown);
  });
});
