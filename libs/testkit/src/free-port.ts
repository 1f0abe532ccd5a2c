import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * A port of this address on which nothing listened just now; 0 asks for any. Rejects with EADDRINUSE.
 * Another process may take it at once: whoever binds it must be ready to try again.
 */
export async function freePort(port = 0, host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  server.listen({ port, host, exclusive: true });
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}
