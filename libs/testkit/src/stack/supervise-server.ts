import { setTimeout as delay } from 'node:timers/promises';
import type { LogFile } from './log-file';

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 10_000;

interface Server {
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface ServerHooks {
  output: (text: string) => void;
  onCrash: (reason: string) => void;
}

interface SuperviseOptions<S extends Server> {
  name: string;
  begin(hooks: ServerHooks): Promise<S>;
  log: LogFile;
  report: (line: string) => void;
  /** Told after each start, when its pid is a new one. */
  onReady: () => void;
}

/** A server that comes back on its port, with its data, when it ends without having been told to. */
export async function superviseServer<S extends Server>({
  name,
  begin,
  log,
  report,
  onReady,
}: SuperviseOptions<S>): Promise<S> {
  const stopping = new AbortController();

  async function bringBack(reason: string, backoffMs = FIRST_BACKOFF_MS): Promise<void> {
    report(`${name} ended unexpectedly (${reason}): restart in ${backoffMs / 1000} s`);
    try {
      await delay(backoffMs, undefined, { signal: stopping.signal });
      await server.start();
      report(`${name} is back`);
      onReady();
    } catch (error) {
      if (stopping.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      await bringBack(message, Math.min(backoffMs * 2, MAX_BACKOFF_MS));
    }
  }

  const server = await begin({
    output: (text) => log.write(text),
    onCrash: (reason) => void bringBack(reason),
  });
  const { stop } = server;
  server.stop = async () => {
    stopping.abort();
    await stop();
  };
  return server;
}
