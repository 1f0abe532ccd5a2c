import { findRoot, hasPythonWith, PYTHON, runsHere, waitFor } from '@agent-messenger/testkit';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const SDK = join(findRoot(), 'sdks/python');

/** A test that needs these Python packages. */
export function testWith(...modules: string[]): typeof test {
  return runsHere(hasPythonWith(...modules)) ? test : test.skip;
}

export interface Program {
  child: ChildProcess;
  /** What it has printed on either stream. */
  lines: string[];
  ended: Promise<number | null>;
}

/** Programs that are killed after their test. */
export class Programs {
  readonly #running: Program[] = [];

  run(args: string[], env: Record<string, string> = {}): Program {
    const child = spawn(PYTHON, args, {
      env: { PYTHONPATH: join(SDK, 'src'), PYTHONUNBUFFERED: '1', ...env },
    });
    const lines: string[] = [];
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => line && lines.push(line));
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const program = { child, lines, ended };
    this.#running.push(program);
    return program;
  }

  /** Runs an agent until its first line, which says that it is ready. */
  async agent(file: string, env: Record<string, string>): Promise<Program> {
    const program = this.run([join(__dirname, 'agents', file)], env);
    await waitFor(() => program.lines.length > 0, { describe: `${file} to start` });
    return program;
  }

  stop(): void {
    for (const { child } of this.#running.splice(0)) child.kill('SIGKILL');
  }
}
