import type { Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  findRoot,
  rest,
  TestSocket,
  waitFor,
} from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const dist = join(findRoot(), 'tools', 'dist');

test('npm start -- --push-standins prints a notification as a phone would show it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'am-start-'));
  const options = { gateways: 1, port: 0, dataDir, demo: false, pushStandins: true, json: true };
  // Without what it installs and builds.
  const code = `require(${JSON.stringify(join(dist, 'start.js'))}).start(${JSON.stringify(options)})`;
  const child = spawn(process.execPath, ['-e', code]);
  const ended = once(child, 'exit');
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (printed += data.toString()));
  }
  try {
    const ready = await waitFor(() => /^\{"ready".*$/m.exec(printed), { timeoutMs: 60_000 });
    const { gateways, admin_key } = JSON.parse(ready[0]) as {
      gateways: string[];
      admin_key: string;
    };
    const [url = ''] = gateways;
    const agent = await createAgent(url, admin_key, { name: 'Ada' });
    const { access_token: bearer } = await createPerson(url);
    const body = { device_id: 'phone', platform: 'fcm', token: 'a-token-of-a-phone' };
    expect((await rest(url, 'POST', '/push/register', { bearer, body })).status).toBe(204);
    const opened = await rest(url, 'POST', '/conversations', {
      bearer,
      body: { agent_id: agent.id },
    });
    const socket = await new TestSocket(url, '/agent', { api_key: agent.api_key }).synced();
    await socket.send((opened.body as Conversation).id, 'one', 'The report is ready.');
    await waitFor(() => printed.includes('The report is ready.'));
    const [top = '', title, message] = printed.slice(printed.indexOf('┌')).split('\n');
    expect(top).toMatch(/^┌── fcm …-a-phone ── 1 unread ─+┐$/);
    expect([title, message]).toEqual([
      `│ ${'Ada'.padEnd(top.length - 4)} │`,
      `│ ${'The report is ready.'.padEnd(top.length - 4)} │`,
    ]);
    socket.close();
  } finally {
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 120_000);

test('npm run bench -- push finds every notification, once', async () => {
  const args = ['push', '--people', '30', '--platform', 'webpush', '--json'];
  const child = spawn(process.execPath, [join(dist, 'bench.js'), ...args]);
  const [output, progress, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(progress);
  expect(JSON.parse(output)).toMatchObject({
    people: 30,
    platform: 'webpush',
    missing: 0,
    doubled: 0,
    complaints: [],
  });
}, 120_000);
