import { startStack, type Stack } from '@agent-messenger/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findStack, findStackAt, rememberStarted } from './find-stack';

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

  it('finds what runs at a URL of its own, and nothing at any other', () => {
    const env = { NPM_START_MEMORY: join(dir, 'memory.json') };
    const url = stack.gateways[0]!.url;
    expect(findStackAt(url, env)).toBeUndefined();
    rememberStarted(stack.dataDir, env);
    expect(findStack(undefined, env)).toMatchObject({ dataDir: stack.dataDir });
    const byName = url.replace('127.0.0.1', 'localhost');
    for (const own of [
      `${url}/below/a/path`,
      byName,
      stack.adminUrl,
      ...Object.values(stack.metrics),
    ])
      expect(findStackAt(own, env)).toMatchObject({ dataDir: stack.dataDir });
    for (const other of ['http://127.0.0.1:1', url.replace('http', 'https'), 'nonsense', ''])
      expect(findStackAt(other, env)).toBeUndefined();
  });

  it('finds nothing where nothing runs', () => {
    expect(findStack(dir, {})).toEqual({ dataDir: dir, addresses: undefined });
  });
});
