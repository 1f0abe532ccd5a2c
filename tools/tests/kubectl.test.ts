import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tools = join(__dirname, '..');
let path: string;

/** A Debian machine of which nothing is real: what would be installed is noted in a file. */
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'am-kubectl-'));
  symlinkSync(process.execPath, join(path, 'node'));
  for (const name of ['apt-get', 'dpkg', 'sudo']) command(name, 'exit 0');
  command('sh', `for last; do :; done; echo "$last" > ${path}/installed`);
});
afterEach(() => rmSync(path, { recursive: true }));

function command(name: string, script: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function ensure() {
  const code = `import { ensureKubectl } from './lib/kubectl.mjs'; await ensureKubectl();`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: tools,
    encoding: 'utf8',
    env: { PATH: path },
  });
  return { status, stderr, installed: existsSync(join(path, 'installed')) };
}

const version = (text: string) => `echo '{ "clientVersion": { "gitVersion": "${text}" } }'`;

it('takes the kubectl that is there', () => {
  command('kubectl', version('v1.32.4-dispatcher'));
  expect(ensure()).toEqual({ status: 0, stderr: '', installed: false });
});

it('installs the one that Debian has', () => {
  command('apt-cache', 'echo "  Candidate: 1.32.3+ds-2"');
  expect(ensure()).toMatchObject({ status: 0, installed: true });
});

it.each([
  ['too old', '1.20.5+really1.20.2-1.1+deb12u1'],
  ['none', '(none)'],
])('says what is missing where the one of Debian is %s', (_what, candidate) => {
  command('apt-cache', `echo "  Candidate: ${candidate}"`);
  command('kubectl', version('v1.20.2'));
  const { status, stderr, installed } = ensure();
  expect({ status, installed }).toEqual({ status: 0, installed: false });
  expect(stderr).toContain('The tests of k8s/ are skipped: they need kubectl 1.27 or newer');
});

it('goes on when it cannot be installed', () => {
  command('apt-cache', 'echo "  Candidate: 1.32.3+ds-2"');
  command('sh', 'echo "E: no network"; exit 100');
  const { status, stderr } = ensure();
  expect(status).toBe(0);
  expect(stderr).toMatch(/E: no network[^]*The tests of k8s\/ are skipped/);
});
