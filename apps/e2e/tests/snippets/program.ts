import { findRoot } from '@agent-messenger/testkit';
import { transform } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own, outside of the repository, in which programs find the SDK as it was built, and OpenAI's. */
export class ProgramFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'am-snippets-'));
  readonly #running: { child: ChildProcess; program: Program }[] = [];
  #count = 0;

  constructor() {
    const scope = join(this.#folder, 'node_modules/@agent-messenger');
    mkdirSync(scope, { recursive: true });
    symlinkSync(join(findRoot(), 'libs/sdk'), join(scope, 'sdk'));
    symlinkSync(join(findRoot(), 'node_modules/openai'), join(scope, '../openai'));
  }

  /** Runs a module in TypeScript, in an environment of nothing but `env`. */
  async run(code: string, env: Record<string, string> = {}): Promise<Program> {
    const { code: js } = await transform(code, { loader: 'ts', format: 'esm' });
    const file = join(this.#folder, `program-${(this.#count += 1)}.mjs`);
    writeFileSync(file, js);
    const child = spawn(process.execPath, [file], {
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const program = {
      stdout: '',
      stderr: '',
      ended: once(child, 'close').then(([code]) => code as number | null),
    };
    child.stdout.on('data', (chunk: Buffer) => (program.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (program.stderr += chunk.toString()));
    this.#running.push({ child, program });
    return program;
  }

  async stop(): Promise<void> {
    const running = this.#running.splice(0);
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ program }) => program.ended));
  }

  /** After `stop`. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface Program {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code, null when a signal ended it. */
  readonly ended: Promise<number | null>;
}
