import { waitFor } from '@agent-messenger/testkit';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError, runCommand } from './run-command';

const options = { cwd: tmpdir(), env: { PATH: '/usr/bin:/bin', GREETING: 'hello' } };
const { signal } = new AbortController();

it('resolves with what a command writes', async () => {
  const output = await runCommand(['sh', '-c', 'echo $GREETING; echo aside >&2'], {
    ...options,
    signal,
  });
  expect(output.stdout).toBe('hello\n');
  expect(output.all).toContain('aside');
});

it.each([
  [['sh', '-c', 'echo why >&2; exit 3'], /exit code 3\nwhy$/],
  [['sh', '-c', 'kill -9 $$'], /killed by SIGKILL/],
  [['no-such-command'], /ENOENT/],
])('rejects when %j fails, with the reason', async (command, reason) => {
  const failure = runCommand(command, { ...options, signal });
  await expect(failure).rejects.toThrow(CommandError);
  await expect(failure).rejects.toThrow(reason);
});

it('ends a command with its children, and then rejects with the reason', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'am-run-'));
  const file = join(folder, 'child');
  const stopping = new AbortController();
  const running = runCommand(['sh', '-c', `sleep 60 & echo $! > ${file}; wait`], {
    ...options,
    signal: stopping.signal,
  });
  const child = await waitFor(() => Number(readFileSync(file, 'utf8')));
  const reason = new Error('enough');
  stopping.abort(reason);
  await expect(running).rejects.toBe(reason);
  await waitFor(() => !isAlive(child));
  await expect(runCommand(['true'], { ...options, signal: stopping.signal })).rejects.toBe(reason);
  rmSync(folder, { recursive: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
