import { startStack, type Stack } from '@agent-messenger/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rememberStarted } from '../find-stack';
import { findTarget } from './target';

const entry = join(__dirname, '../../../libs/testkit/tests/fixtures/service.mjs');
const entries = { auth: entry, messages: entry, 'push-worker': entry, gateway: entry };

describe('what is measured with --running', () => {
  let dir: string;
  let stack: Stack;
  let env: Record<string, string>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'am-target-'));
    stack = await startStack({ entries, dataDir: join(dir, 'data') });
    env = { NPM_START_MEMORY: join(dir, 'memory.json') };
    rememberStarted(stack.dataDir, env);
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(dir, { recursive: true });
  });

  it('is what npm start runs, with its key', () => {
    const urls = stack.gateways.map(({ url }) => url);
    const own = { urls, admin: { url: stack.adminUrl, key: stack.adminKey } };
    expect(findTarget(env)).toMatchObject(own);
    expect(findTarget({ ...env, AGENT_MESSENGER_URL: urls.join(',') })).toMatchObject(own);
  });

  it('is a gateway elsewhere with the key that is given for it, and no other', () => {
    const elsewhere = { ...env, AGENT_MESSENGER_URL: 'http://127.0.0.1:1' };
    expect(() => findTarget(elsewhere)).toThrow(/set ADMIN_API_KEY/);
    const { admin } = findTarget({ ...elsewhere, ADMIN_API_KEY: 'theirs' });
    expect(admin).toEqual({ url: 'http://127.0.0.1:1', key: 'theirs' });
  });
});
