import { waitFor } from '@agent-messenger/testkit';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tools = join(__dirname, '..');

/** Runs JavaScript with the exports of a module of tools/lib in scope, as `lib`; answers with its JSON. */
function evaluate(module: string, expression: string): unknown {
  const code = `import * as lib from './lib/${module}.mjs'; console.log(JSON.stringify(${expression}))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: tools,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

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

describe('when apt-get fails', () => {
  let path: string;

  /** A machine on which packages may be installed, and cannot: nothing of the real one is reached. */
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'am-path-'));
    const fails = '#!/bin/sh\n[ "$*" = "-n true" ] && exit 0\necho "E: no network"\nexit 100\n';
    for (const command of ['sh', 'sudo', 'apt-get', 'dpkg']) {
      writeFileSync(join(path, command), fails, { mode: 0o755 });
    }
    symlinkSync(process.execPath, join(path, 'node'));
  });
  afterEach(() => rmSync(path, { recursive: true }));

  const run = (code: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: tools,
      encoding: 'utf8',
      env: { PATH: path },
    });

  it('says why, and how to get Redis', () => {
    const { status, stderr } = run(
      `import { main } from './lib/main.mjs'; import { ensureRedisServer } from './lib/redis.mjs';
       await main(ensureRedisServer);`,
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/E: no network[^]*apt-get install[^]*brew install redis[^]*docker run/);
  });

  it('says how to get the tools that compile, and goes on without them', () => {
    const { status, stderr } = run(
      `import { ensureToolchain } from './lib/dependencies.mjs'; await ensureToolchain();`,
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /E: no network[^]*python3, make, g\+\+[^]*apt-get install python3 make g\+\+[^]*brew[^]*docker run/,
    );
  });
});

describe('the installation of packages', () => {
  let dir: string;
  let policy: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'am-policy-'));
    policy = join(dir, 'policy-rc.d');
    // Copies what is in force while it runs.
    writeFileSync(join(dir, 'apt-get'), `#!/bin/sh\ncp ${policy} ${dir}/seen\n`, { mode: 0o755 });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const install = () => {
    const script = evaluate('system-packages', `lib.installScript('${policy}')`) as string;
    const env = { PATH: `${dir}:/usr/bin:/bin` };
    expect(spawnSync('sh', ['-c', script, 'install', 'x'], { env }).status).toBe(0);
    return readFileSync(join(dir, 'seen'), 'utf8');
  };

  it('starts no service, and leaves the policy of the machine as it was', () => {
    writeFileSync(policy, 'the one of the machine');
    expect(install()).toContain('exit 101');
    expect(readFileSync(policy, 'utf8')).toBe('the one of the machine');
    expect(readdirSync(dir).sort()).toEqual(['apt-get', 'policy-rc.d', 'seen']);
  });

  it('does not take what a killed run left behind for the policy of the machine', () => {
    writeFileSync(policy, install());
    install();
    expect(readdirSync(dir).sort()).toEqual(['apt-get', 'seen']);
  });
});

describe('checkNode', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('takes Node %s', (version) => {
    expect(evaluate('check-node', `lib.checkNode('${version}') ?? 'fine'`)).toBe('fine');
  });

  it.each(['18.20.8', '20.18.3'])('refuses Node %s', (version) => {
    expect(() => evaluate('check-node', `lib.checkNode('${version}')`)).toThrow(
      `Node 20.19 or newer is needed; this is Node ${version}.`,
    );
  });
});

describe('countTests', () => {
  const count = (output: string) =>
    evaluate('count-tests', `lib.countTests(${JSON.stringify(output)})`);

  it('adds up the summaries of all runs, coloured or not', () => {
    const output = [
      'Test Suites: 5 passed, 5 total',
      'Tests:       2 skipped, 20 passed, 22 total',
      'Snapshots:   0 total',
      '\u001b[1mTests:       \u001b[22m\u001b[1m\u001b[31m1 failed\u001b[39m\u001b[22m, \u001b[1m\u001b[32m7 passed\u001b[39m\u001b[22m, 8 total',
      'Tests: none of these is one',
    ].join('\n');
    expect(count(output)).toEqual({ passed: 27, failed: 1, skipped: 2 });
  });

  it('counts a suite that could not run', () => {
    const output = [
      'FAIL tests/a.test.ts',
      '  ● Test suite failed to run',
      'FAIL tests/b.test.ts',
      '  ● fails',
      'Test Suites: 2 failed, 1 passed, 3 total',
      'Tests:       1 failed, 3 passed, 4 total',
      'Test Suites: 1 passed, 1 total',
      'Tests:       1 passed, 1 total',
    ].join('\n');
    expect(count(output)).toEqual({ passed: 4, failed: 2, skipped: 0 });
  });
});

describe('runGroup', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'on %s ends all that it has started, and the command with %i',
    async (signal, code) => {
      const command = runModule(
        `import { main } from './lib/main.mjs'; import { runGroup } from './lib/run-group.mjs';
       const onOutput = (chunk) => process.stdout.write(chunk);
       await main(() => runGroup('sh', ['-c', 'sleep 60 & echo $!; wait'], { onOutput }));`,
      );
      const [pid] = (await once(command.stdout, 'data')) as [Buffer];
      command.kill(signal);
      expect(await once(command, 'exit')).toEqual([code, null]);
      await waitFor(() => !/^[^Z]/.test(stateOf(pid.toString())));
    },
  );
});

describe('withLock', () => {
  let dir: string;
  let file: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'am-lock-'));
    file = join(dir, 'folder', 'lock');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Prints when it waits, when it has the lock, and when it gives it back: after a line on stdin. */
  const hold = () =>
    runModule(
      `import { once } from 'node:events'; import { withLock } from './lib/lock.mjs';
       await withLock('${file}', () => console.log('waits'), async () => {
         console.log('has it');
         await once(process.stdin, 'data');
         console.log('done');
       });
       process.stdin.destroy();`,
    );
  const next = async ({ stdout }: ReturnType<typeof hold>) => String(await once(stdout, 'data'));

  it('lets one work at a time', async () => {
    const first = hold();
    expect(await next(first)).toBe('has it\n');
    const second = hold();
    expect(await next(second)).toBe('waits\n');
    const order: string[] = [];
    first.stdout.on('data', (text) => order.push(`first ${text}`));
    second.stdout.on('data', (text) => order.push(`second ${text}`));
    first.stdin.write('\n');
    await waitFor(() => order.length === 2);
    second.stdin.write('\n');
    await once(second, 'exit');
    expect(order).toEqual(['first done\n', 'second has it\n', 'second done\n']);
    expect(readdirSync(join(dir, 'folder'))).toEqual([]);
  });

  it('is taken over from a command that was killed', async () => {
    const killed = hold();
    await next(killed);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(existsSync(file)).toBe(true);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(file, longAgo, longAgo);
    const heir = hold();
    expect(await next(heir)).toBe('has it\n');
    heir.stdin.write('\n');
    await once(heir, 'exit');
    expect(readdirSync(join(dir, 'folder'))).toEqual([]);
  });
});

function runModule(code: string) {
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: tools,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/** Empty when there is no such process, Z when it only waits to be reaped. */
function stateOf(pid: string): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', pid.trim()], { encoding: 'utf8' }).stdout.trim();
}
