import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from './log-file';

describe('LogFile', () => {
  it('keeps one predecessor and so at most about twice its size', () => {
    const dir = mkdtempSync(join(tmpdir(), 'am-log-'));
    const path = join(dir, 'x.log');
    const file = new LogFile(path, 100);
    for (let n = 10; n < 40; n += 1) file.write(`line ${n}\n`);
    file.close();
    expect(statSync(path).size).toBeLessThanOrEqual(100);
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(100);
    expect(file.read().endsWith('line 38\nline 39\n')).toBe(true);

    const again = new LogFile(path, 100);
    again.write('more\n');
    again.close();
    expect(again.read()).toContain('line 39\nmore\n');
    rmSync(dir, { recursive: true });
  });
});
