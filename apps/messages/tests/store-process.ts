import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { answerOf, type ReadOutcome } from '../src/store/readers/read-task';
import type { Store } from '../src/store/store';
import { BUNDLE_ENV, bundleProgram } from './bundle-program';
import type { StoreHandle } from './conformance/systems';

interface Answer {
  id: number;
  error?: string;
  logId?: string;
  isStretch?: boolean;
  answer?: unknown;
  failed?: ReadOutcome;
}

/** Bundles the program of `openInProcess` into a folder; its path. */
export function bundleStoreProcess(folder: string): string {
  return bundleProgram(join(__dirname, 'fixtures/store-child.ts'), folder);
}

/** A store in a process of its own, all of whose calls can be made here. */
export async function openInProcess(program: string, at: string): Promise<StoreHandle> {
  const child = fork(program, [at], { env: BUNDLE_ENV });
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
  const [opened] = (await once(child, 'message')) as [Answer];
  if (opened.error !== undefined) {
    await kill();
    throw new Error(opened.error);
  }
  return { store: remoteStore(child, opened.logId ?? ''), kill };
}

function remoteStore(child: ChildProcess, logId: string): Store {
  let count = 0;
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });

  async function call(name: string, args: unknown[]): Promise<unknown> {
    const id = (count += 1);
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    child.send({ id, name, args });
    const { isStretch, answer, failed } = await answered;
    if (failed) answerOf(failed);
    if (!isStretch) return answer;
    const done = () => child.send({ id: 0, name: 'done', args: [id] });
    return { ...(answer as object), done };
  }

  return new Proxy({} as Store, {
    get(_target, name) {
      if (name === 'logId') return logId;
      // It is awaited itself, which must not make a call.
      if (name === 'then') return undefined;
      return (...args: unknown[]) => call(String(name), args);
    },
  });
}
