import { PYTHON } from '@agent-messenger/testkit';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SDK, testWith } from './python';

testWith('websockets')(
  'the vectors that every SDK runs',
  () => {
    const run = spawnSync(PYTHON, ['-m', 'unittest', 'discover', '-v', '-s', 'tests'], {
      cwd: SDK,
      env: { PYTHONPATH: join(SDK, 'src'), PYTHONDONTWRITEBYTECODE: '1' },
      encoding: 'utf8',
    });
    expect(run.stderr).toMatch(/\nOK\n$/);
    expect(run.stderr).toMatch(/Ran [1-9]\d* tests/);
  },
  60_000,
);
