import { MessengerError } from './errors';

/** What a runtime may have: the SDK runs in Node, in browsers and elsewhere, and asks before it uses. */
interface Host {
  process?: { stderr?: { write(text: string): unknown }; exit?(code: number): never };
  console?: { error(text: string): void };
  navigator?: {
    locks?: {
      request<T>(name: string, how: { signal: AbortSignal }, work: () => Promise<T>): Promise<T>;
    };
  };
  location?: { origin: string };
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}

const host = globalThis as Host;
const LOCK_TIMEOUT_MS = 10_000;

/** A line for whoever runs the program: on stderr, in a browser's console. */
export function logLine(line: string): void {
  if (host.process?.stderr) host.process.stderr.write(`${line}\n`);
  else host.console?.error(line);
}

/** Ends the process where there is one. */
export function exitProcess(code: number): void {
  host.process?.exit?.(code);
}

/**
 * Runs `work` while nobody else of this origin runs one under the same name, where the runtime has such locks.
 *
 * @throws MessengerError `timeout` when it has to wait for too long, as for a tab that is frozen
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = host.navigator?.locks;
  if (!locks) return work();
  const signal = AbortSignal.timeout(LOCK_TIMEOUT_MS);
  let isMine = false;
  try {
    return await locks.request(name, { signal }, () => {
      isMine = true;
      return work();
    });
  } catch (error) {
    if (isMine) throw error;
    throw new MessengerError('timeout', 'another tab of this browser does not go on', {
      cause: error,
    });
  }
}

/** Of the page that this runs in; null elsewhere. */
export function pageOrigin(): string | null {
  return host.location?.origin ?? null;
}

/**
 * Calls `listener` when the device has a network again, where the runtime tells; returns the function that removes it.
 */
export function onOnline(listener: () => void): () => void {
  host.addEventListener?.('online', listener);
  return () => host.removeEventListener?.('online', listener);
}
