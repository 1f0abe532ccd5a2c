import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, tools } from './lib/modules';

describe('npm start', () => {
  const start = (...args: string[]) =>
    spawnSync(process.execPath, ['start.mjs', ...args], { cwd: tools, encoding: 'utf8' });

  it.each([
    [['--gatways', '2'], "Unknown option '--gatways'"],
    [['now'], "Unexpected argument 'now'"],
    [['--gateways', '0'], '--gateways takes a whole number from 1 to 64, not "0".'],
    [['--port', '80a'], '--port takes a whole number from 0 to 65535, not "80a".'],
    [['--gateways', '3', '--port', '65534'], '3 gateways do not fit above port 65534.'],
  ])('answers %j with one line and exit code 2', (args, message) => {
    const { status, stdout, stderr } = start(...args);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  it('lists its options', () => {
    const { status, stdout } = start('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('0: free ports');
    for (const option of ['--gateways', '--port', '--data-dir', '--no-demo', '--json']) {
      expect(stdout).toContain(option);
    }
  });

  it('is there wherever in the project one stands', () => {
    const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      workspaces: string[];
    };
    const packages = workspaces.flatMap((pattern) =>
      pattern.endsWith('/*')
        ? readdirSync(join(root, pattern.slice(0, -2))).map((name) =>
            join(root, pattern, '..', name),
          )
        : [join(root, pattern)],
    );
    for (const folder of packages.filter((each) => existsSync(join(each, 'package.json')))) {
      const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        scripts?: Record<string, string>;
      };
      const [, program = ''] = /^node (\S+)$/.exec(scripts?.['start'] ?? '') ?? [];
      expect(join(folder, program)).toBe(join(tools, 'start.mjs'));
    }
    // As npm does it: from a package's own folder, and from one below it that is none.
    for (const cwd of ['apps/gateway', 'libs/sdk/src', 'docs']) {
      const { status, stdout } = spawnSync('npm', ['start', '--silent', '--', '--help'], {
        cwd: join(root, cwd),
        encoding: 'utf8',
      });
      expect([cwd, status, stdout]).toEqual([
        cwd,
        0,
        expect.stringContaining('--data-dir') as string,
      ]);
    }
  });

  it('says how to get Redis where it is not and cannot be installed', () => {
    // A PATH on which there is nothing but node.
    const path = mkdtempSync(join(tmpdir(), 'am-path-'));
    symlinkSync(process.execPath, join(path, 'node'));
    const args = ['start.mjs', '--port', '0', '--data-dir', join(path, 'data')];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: tools,
      encoding: 'utf8',
      env: { PATH: path },
    });
    rmSync(path, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toContain('apt-get install redis-server');
    expect(stderr).toContain('brew install redis');
    expect(stderr).toContain('docker run');
    expect(stderr).not.toContain('    at ');
  });

  it('refuses a data folder or a port before it installs and builds', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const folder = mkdtempSync(join(tmpdir(), 'am-data-'));
    const cases: [string[], string][] = [
      [['--data-dir', join(tools, 'package.json')], 'The data folder'],
      [['--data-dir', '/proc/nope'], 'The data folder'],
      [['--data-dir', folder, '--port', `${port}`], `Port ${port} is in use`],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = start(...args);
      expect(stderr).toContain(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(status).toBe(1);
    }
    server.close();
    rmSync(folder, { recursive: true });
  });
});
