import { waitFor } from '@agent-messenger/testkit';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluate, runModule } from './modules';

describe('checkNode', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('takes Node %s', (version) => {
    expect(evaluate('check-node', `lib.checkNode('${version}') ?? 'fine'`)).toBe('fine');
  });

  it.each(['18.20.8', '20.18.3'])('refuses Node %s', (version) => {
    expect(() => evaluate('check-node', `lib.checkNode('${version}')`)).toThrow(
      `Node 20.19 or newer is needed; this is Node ${version}.`,
    );
  });
});

describe('runGroup', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'on %s ends all that it has started, and the command with %i',
    async (signal, code) => {
      const command = runModule(
        `import { main } from './lib/main.mjs'; import { runGroup } from './lib/run-group.mjs';
       const onOutput = (chunk) => process.stdout.write(chunk);
       await main(() => runGroup('sh', ['-c', 'sleep 60 & echo $!; wait'], { onOutput }));`,
      );
      const [pid] = (await once(command.stdout, 'data')) as [Buffer];
      command.kill(signal);
      expect(await once(command, 'exit')).toEqual([code, null]);
      await waitFor(() => !/^[^Z]/.test(stateOf(pid.toString())));
    },
  );

  it('what is patient takes what is left of the processors', async () => {
    const command = runModule(
      `import { runGroup } from './lib/run-group.mjs';
       await runGroup('sh', ['-c', 'until [ $(nice) = 19 ]; do :; done; nice'], {
         onOutput: (chunk) => process.stdout.write(chunk), isPatient: true });`,
    );
    const [niceness] = (await once(command.stdout, 'data')) as [Buffer];
    expect(niceness.toString().trim()).toBe('19');
  });
});

describe('withLock', () => {
  let dir: string;
  let file: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'am-lock-'));
    file = join(dir, 'folder', 'lock');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Prints when it waits, when it has the lock, and when it gives it back: after a line on stdin. */
  const hold = () =>
    runModule(
      `import { once } from 'node:events'; import { withLock } from './lib/lock.mjs';
       await withLock('${file}', () => console.log('waits'), async () => {
         console.log('has it');
         await once(process.stdin, 'data');
         console.log('done');
       });
       process.stdin.destroy();`,
    );
  const next = async ({ stdout }: ReturnType<typeof hold>) => String(await once(stdout, 'data'));

  it('lets one work at a time', async () => {
    const first = hold();
    expect(await next(first)).toBe('has it\n');
    const second = hold();
    expect(await next(second)).toBe('waits\n');
    const order: string[] = [];
    first.stdout.on('data', (text) => order.push(`first ${text}`));
    second.stdout.on('data', (text) => order.push(`second ${text}`));
    first.stdin.write('\n');
    await waitFor(() => order.length === 2);
    second.stdin.write('\n');
    await once(second, 'exit');
    expect(order).toEqual(['first done\n', 'second has it\n', 'second done\n']);
    expect(readdirSync(join(dir, 'folder'))).toEqual([]);
  });

  it('is taken over from a command that was killed', async () => {
    const killed = hold();
    await next(killed);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(existsSync(file)).toBe(true);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(file, longAgo, longAgo);
    const heir = hold();
    expect(await next(heir)).toBe('has it\n');
    heir.stdin.write('\n');
    await once(heir, 'exit');
    expect(readdirSync(join(dir, 'folder'))).toEqual([]);
  });
});

/** Empty when there is no such process, Z when it only waits to be reaped. */
function stateOf(pid: string): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', pid.trim()], { encoding: 'utf8' }).stdout.trim();
}
