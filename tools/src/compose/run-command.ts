import { spawn } from 'node:child_process';

export interface CommandOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Ends the command. */
  signal: AbortSignal;
}

export interface Output {
  stdout: string;
  /** What it wrote to stdout and stderr, in this order or nearly so. */
  all: string;
}

/** A command that did not end with 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    command: readonly string[],
    reason: string,
    readonly output: string,
  ) {
    super(`${command.join(' ')}: ${reason}\n${output.trimEnd()}`);
  }
}

/** @throws CommandError; the signal's reason after an abort, when the command has ended */
export async function runCommand(
  command: readonly string[],
  { cwd, env, signal }: CommandOptions,
): Promise<Output> {
  signal.throwIfAborted();
  const [program = '', ...args] = command;
  // A group of its own: Ctrl-C reaches us alone, and a command that is ended takes its children with it.
  const child = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Output = { stdout: '', all: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    output.all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.all += text));
  const stop = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // All of it has ended already.
    }
  };
  signal.addEventListener('abort', stop);
  try {
    const end = await new Promise<string | number>((resolve) => {
      child.once('error', ({ message }) => resolve(message));
      child.once('close', (code, killedBy) => resolve(code ?? `killed by ${killedBy}`));
    });
    signal.throwIfAborted();
    if (end === 0) return output;
    const reason = typeof end === 'number' ? `exit code ${end}` : end;
    throw new CommandError(command, reason, output.all);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
