import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluate, root, runModule, tools } from './modules';

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

  it('installs one after the other, also after one that failed', () => {
    const log = join(path, 'log');
    const slow = `#!${process.execPath}
      const { appendFileSync } = require('node:fs');
      appendFileSync('${log}', 'begun ');
      setTimeout(() => { appendFileSync('${log}', 'ended '); process.exitCode = 1; }, 100);\n`;
    for (const command of ['sh', 'sudo']) writeFileSync(join(path, command), slow, { mode: 0o755 });
    run(`import { installPackages } from './lib/system-packages.mjs';
         await Promise.allSettled([installPackages('a', ['a']), installPackages('b', ['b'])]);`);
    expect(readFileSync(log, 'utf8')).toBe('begun ended begun ended ');
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

describe('the probe of what is compiled', () => {
  const probe = (cwd: string) =>
    spawnSync(process.execPath, [join(tools, 'lib/native/probe.cjs')], { cwd });

  it('passes with what is installed', () => {
    expect(probe(root).status).toBe(0);
  });

  it('fails where the process aborts after a while', () => {
    const dir = mkdtempSync(join(tmpdir(), 'am-probe-'));
    const module = join(dir, 'node_modules', 'better-sqlite3');
    mkdirSync(module, { recursive: true });
    writeFileSync(
      join(module, 'index.js'),
      `let closed = 0;
       module.exports = class { close() { closed += 1; if (closed === 500) process.abort(); }
         prepare() { return { iterate: () => [] }; } };`,
    );
    expect(probe(dir).signal).toBe('SIGABRT');
    rmSync(dir, { recursive: true });
  });
});

describe('an installation', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'am-install-'));
  const run = (dir: string, install: string) =>
    runModule(
      `import { main } from './lib/main.mjs'; import { runGroup } from './lib/run-group.mjs';
       import { keepingPrevious } from './lib/dependencies.mjs';
       const onOutput = (chunk) => process.stdout.write(chunk);
       await main(() => keepingPrevious(['${join(dir, 'node_modules')}'], async () => {
         const status = await runGroup('sh', ['-c', '${install}'], { onOutput });
         if (status !== 0) throw new Error('failed');
       }));`,
    );

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'that is stopped by %s says so at once and leaves what was there',
    async (signal) => {
      const dir = folder();
      const modules = join(dir, 'node_modules');
      mkdirSync(modules);
      writeFileSync(join(modules, 'old'), '');
      const command = run(dir, `mkdir ${modules}; touch ${modules}/half; echo begun; sleep 60`);
      await once(command.stdout, 'data');
      expect(readdirSync(dir).sort()).toEqual(['node_modules', 'node_modules.previous']);
      command.kill(signal);
      expect(String(await once(command.stderr, 'data'))).toBe('Stopping …\n');
      await once(command, 'exit');
      expect(readdirSync(dir)).toEqual(['node_modules']);
      expect(readdirSync(modules)).toEqual(['old']);
      rmSync(dir, { recursive: true });
    },
  );

  it('that succeeds leaves nothing of what was there, also of one that was killed', async () => {
    const dir = folder();
    const modules = join(dir, 'node_modules');
    for (const name of ['node_modules', 'node_modules.previous']) mkdirSync(join(dir, name));
    const command = run(dir, `mkdir ${modules}; touch ${modules}/new`);
    expect(await once(command, 'exit')).toEqual([0, null]);
    expect(readdirSync(dir)).toEqual(['node_modules']);
    expect(readdirSync(modules)).toEqual(['new']);
    rmSync(dir, { recursive: true });
  });
});
