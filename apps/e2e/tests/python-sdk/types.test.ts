import { PYTHON } from '@agent-messenger/testkit';
import { spawnSync } from 'node:child_process';
import { SDK, testWith } from './python';

testWith('mypy', 'websockets')(
  'mypy --strict finds nothing',
  () => {
    const check = spawnSync(PYTHON, ['-m', 'mypy', '--cache-dir=/dev/null'], {
      cwd: SDK,
      encoding: 'utf8',
    });
    expect(check).toMatchObject({ status: 0 });
  },
  120_000,
);
