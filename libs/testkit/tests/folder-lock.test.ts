import { buildSync } from 'esbuild';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaunchError, waitFor } from '../src';
import { lockFolder, type FolderLock } from '../src/stack/folder-lock';
import { processIdentity } from '../src/stack/process-identity';

describe('lockFolder', () => {
  let dir: string;
  let file: string;
  const lock = (report: (line: string) => void = () => undefined): Promise<FolderLock> =>
    lockFolder(dir, file, report);

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'am-lock-'));
    file = join(dir, 'launcher.json');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is not taken from a launcher that tells about its children all the time', async () => {
    const holder = join(dir, 'holder.js');
    buildSync({
      entryPoints: [join(__dirname, 'fixtures', 'lock-holder.ts')],
      bundle: true,
      platform: 'node',
      conditions: ['@agent-messenger/source'],
      outfile: holder,
    });
    const child = fork(holder, [dir, file]);
    try {
      await once(child, 'message');
      for (let n = 0; n < 500; n += 1) {
        await expect(lock()).rejects.toThrow(`in use by another launcher (pid ${child.pid})`);
      }
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    (await lock()).release();
    // A note may have been cut off; the lock itself and what took it over leave nothing.
    const left = readdirSync(dir).filter((name) => name !== 'holder.js');
    expect(left.filter((name) => !name.endsWith('.tmp'))).toEqual([]);
  });

  it('has one winner when several wait for the same stale lock', async () => {
    const child = spawn('sleep', ['60']);
    const left = { name: 'redis', pid: child.pid!, identity: processIdentity(child.pid!)! };
    const launcher = { name: 'launcher', pid: process.pid, identity: 'another' };
    writeFileSync(file, JSON.stringify({ claim: 'old', launcher, children: [left] }));
    const reports: string[] = [];
    const starts = Array.from({ length: 5 }, () => lock((line) => reports.push(line)));
    const outcomes = Promise.allSettled(starts);
    await waitFor(() => reports.length === 5);
    expect(reports[0]).toContain(`left behind: redis (pid ${child.pid})`);
    child.kill('SIGKILL');
    const rejected = (await outcomes).filter((each) => each.status === 'rejected');
    expect(rejected.map(({ reason }) => String(reason))).toEqual(
      Array(4).fill(expect.stringContaining('in use by another launcher')),
    );
    expect(existsSync(file)).toBe(true);
    expect(readdirSync(dir)).toEqual(['launcher.json']);
  });

  it('counts as held when it cannot be read, and says what to do', async () => {
    writeFileSync(file, '{"launch');
    await expect(lock()).rejects.toThrow(`If no launcher runs there: rm ${file}`);
    await expect(lock()).rejects.toBeInstanceOf(LaunchError);
    expect(readFileSync(file, 'utf8')).toBe('{"launch');
  });

  it('is changed and released by its holder only', async () => {
    const first = await lock();
    rmSync(file);
    const second = await lock();
    const text = readFileSync(file, 'utf8');
    first.note({ some: process.pid });
    first.release();
    expect(readFileSync(file, 'utf8')).toBe(text);
    second.release();
    expect(existsSync(file)).toBe(false);
  });
});
