import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * Below what systems give to whoever asks for any (Linux from 32768 on, others from 49152), as are those 10,000 above
 * them, where a Redis of a cluster listens, too: a server that is away for a moment finds its port free when it comes
 * back.
 */
const CHOSEN = { from: 10_000, to: 20_000 };
const TRIES = 100;

/**
 * A port of this address on which nothing listened just now; 0 asks for any. Rejects with EADDRINUSE. On Linux one that
 * was any is not given to another process, or again, before this process ends; elsewhere it may be taken at once:
 * whoever binds it must be ready to try again.
 */
export async function freePort(port = 0, host = '127.0.0.1'): Promise<number> {
  if (port !== 0) return bind(port, host);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const chosen = randomInt(CHOSEN.from, CHOSEN.to);
    if (!(await claim(chosen))) continue;
    try {
      return await bind(chosen, host);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return bind(0, host);
}

async function bind(port: number, host: string): Promise<number> {
  const server = createServer();
  server.listen({ port, host, exclusive: true });
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

/** By a name without a file, which exactly one process can have, and which goes with it. */
async function claim(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const server = createServer().unref();
  server.listen({ path: `\0agent-messenger-port-${port}`, exclusive: true });
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  }
}
