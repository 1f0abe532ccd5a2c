import { startStack, type Stack } from '@agent-messenger/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findStack } from './find-stack';

const entry = join(__dirname, '../../libs/testkit/tests/fixtures/service.mjs');
const entries = { auth: entry, messages: entry, 'push-worker': entry, gateway: entry };

describe('findStack', () => {
  let dir: string;
  let stack: Stack;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'am-find-'));
    stack = await startStack({ entries, dataDir: join(dir, 'data') });
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(dir, { recursive: true });
  });

  it('finds what runs in a data folder, relative to where the person stands', () => {
    const found = {
      dataDir: stack.dataDir,
      addresses: expect.objectContaining({ admin: stack.adminUrl }),
    };
    expect(findStack(stack.dataDir, {})).toEqual(found);
    expect(findStack('data', { INIT_CWD: dir })).toEqual(found);
  });

  it('finds nothing where nothing runs', () => {
    expect(findStack(dir, {})).toEqual({ dataDir: dir, addresses: undefined });
  });
});
