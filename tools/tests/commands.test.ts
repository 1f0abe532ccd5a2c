import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
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
    for (const option of ['--gateways', '--port', '--data-dir', '--no-demo', '--json']) {
      expect(stdout).toContain(option);
    }
  });

  it('says how to get Redis where it is not and cannot be installed', () => {
    // A PATH on which there is nothing but node.
    const path = mkdtempSync(join(tmpdir(), 'am-path-'));
    symlinkSync(process.execPath, join(path, 'node'));
    const { status, stderr } = spawnSync(process.execPath, ['start.mjs'], {
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
