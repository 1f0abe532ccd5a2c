import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile, ServiceProcess } from '../src';

describe('ServiceProcess', () => {
  it('fails, and stops, when no process can be started', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'am-process-'));
    const log = new LogFile(join(dir, 'log'));
    const service = new ServiceProcess({
      name: 'auth',
      entry: join(__dirname, 'fixtures', 'service.mjs'),
      env: {},
      log,
      report: () => undefined,
    });
    const { execPath } = process;
    process.execPath = join(dir, 'no-node');
    try {
      const starting = expect(service.start()).rejects.toThrow(/^auth did not start \(.*ENOENT\)$/);
      await service.stop();
      await starting;
      await service.stop();
    } finally {
      process.execPath = execPath;
      log.close();
      rmSync(dir, { recursive: true });
    }
  });
});
