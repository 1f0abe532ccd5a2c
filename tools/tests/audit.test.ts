import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tools = join(__dirname, '..');
const { version: express } = JSON.parse(
  readFileSync(join(tools, '..', 'node_modules', 'express', 'package.json'), 'utf8'),
) as { version: string };

interface Verdict {
  outcome: string;
  lines: string[];
}

function judge(output: string, exceptions: Record<string, string> = {}): Verdict {
  const code = `import { judgeAudit } from './lib/judge-audit.mjs';
    console.log(JSON.stringify(judgeAudit(${JSON.stringify(output)}, ${JSON.stringify(exceptions)})))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: tools,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Verdict;
}

const advisory = (severity: string, id: string) => ({
  source: 1,
  name: 'left-pad',
  title: 'It pads too far',
  url: `https://github.com/advisories/${id}`,
  severity,
  range: '<1.3.0',
});

/** As npm 10 and 11 write it: a package is listed with what it is affected by, advisories and other packages. */
const report = (...found: ReturnType<typeof advisory>[]) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: {
      'left-pad': { name: 'left-pad', severity: 'high', via: found },
      wide: { name: 'wide', severity: 'high', via: ['left-pad'] },
    },
  });

test('without a serious finding all is well', () => {
  expect(judge(JSON.stringify({ vulnerabilities: {} })).outcome).toBe('clean');
  const { outcome, lines } = judge(report(advisory('moderate', 'GHSA-aaaa')));
  expect(outcome).toBe('clean');
  expect(lines[0]).toContain('1 findings in what is shipped, 0 of them high or critical');
});

test.each(['high', 'critical'])('a finding that is %s is told, once', (severity) => {
  const one = advisory(severity, 'GHSA-bbbb');
  const { outcome, lines } = judge(report(one, one));
  expect(outcome).toBe('findings');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe(`  ${severity} left-pad <1.3.0: It pads too far (GHSA-bbbb)`);
});

test('what is explained is told with the reason, and an explanation of nothing too', () => {
  const exceptions = { 'GHSA-bbbb': 'we do not pad', 'GHSA-cccc': 'gone' };
  const { outcome, lines } = judge(report(advisory('high', 'GHSA-bbbb')), exceptions);
  expect(outcome).toBe('clean');
  expect(lines.join('\n')).toContain('explained: left-pad');
  expect(lines.join('\n')).toContain('we do not pad');
  expect(lines.join('\n')).toContain('GHSA-cccc is no finding any more');
  const other = judge(report(advisory('high', 'GHSA-dddd')), exceptions);
  expect(other.outcome).toBe('findings');
});

test.each([
  ['a registry without it', '{"message":"405 Method Not Allowed","statusCode":405}', '405'],
  ['an error in words', '{"error":{"code":"ENOTFOUND","summary":"no such host"}}', 'no such host'],
  ['text', 'npm error audit endpoint returned an error\nmore', 'audit endpoint returned an error'],
  ['nothing', '', 'no answer'],
])('%s: it was not run, and is not called clean', (_what, output, reason) => {
  const { outcome, lines } = judge(output);
  expect(outcome).toBe('not run');
  expect(lines[0]).toMatch(/^npm audit was not run: /);
  expect(lines[0]).toContain(reason);
});

describe('the command', () => {
  const home = mkdtempSync(join(tmpdir(), 'am-audit-'));
  afterAll(() => rmSync(home, { recursive: true }));

  /** Runs it against a registry at this URL. */
  async function audit(registry: string): Promise<{ code: number; printed: string }> {
    writeFileSync(join(home, 'npmrc'), `registry=${registry}\nfetch-retries=0\n`);
    const child = spawn('env', [
      `npm_config_userconfig=${join(home, 'npmrc')}`,
      ...[process.execPath, join(tools, 'audit.mjs')],
    ]);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => (printed += data.toString()));
    }
    const [code] = (await once(child, 'close')) as [number];
    return { code, printed };
  }

  /** A registry that knows these advisories about any version of a package that we ship. */
  async function registry(advisories: object[]): Promise<{ url: string; close(): void }> {
    const versions = { [express]: { name: 'express', version: express, dist: {} } };
    const server = createHttpServer(({ method }, response) => {
      response.setHeader('content-type', 'application/json');
      // It is asked for advisories about all packages, and then for those packages that there are some about.
      const answer =
        method === 'POST'
          ? advisories.length > 0 && { express: advisories }
          : { name: 'express', 'dist-tags': { latest: express }, versions };
      response.end(JSON.stringify(answer || {}));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
  }

  test('fails on a high finding of something that is shipped', async () => {
    const one = {
      id: 7,
      url: 'https://github.com/advisories/GHSA-eeee-ffff-0000',
      title: 'It expresses too much',
      severity: 'high',
      vulnerable_versions: '*',
      cwe: [],
      cvss: { score: 8 },
    };
    const { url, close } = await registry([one]);
    const { code, printed } = await audit(url);
    close();
    expect(code).toBe(1);
    expect(printed).toContain('It expresses too much (GHSA-eeee-ffff-0000)');
  });

  test('is content when there is none', async () => {
    const { url, close } = await registry([]);
    const { code, printed } = await audit(url);
    close();
    expect({ code, printed }).toEqual({
      code: 0,
      printed: 'npm audit: 0 findings in what is shipped, 0 of them high or critical\n',
    });
  });

  test('is not run, and fails nothing, where nobody answers', async () => {
    const { code, printed } = await audit('http://127.0.0.1:1/');
    expect(code).toBe(0);
    expect(printed).toMatch(/^npm audit was not run: /);
  });
});
