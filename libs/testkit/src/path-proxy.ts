import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface PathProxyOptions {
  /** Begins with a slash and ends without one. */
  path: string;
  /** Where requests go, without the path: a port of 127.0.0.1. */
  target: number;
}

export interface PathProxy {
  /** With the path. */
  readonly url: string;
  /** What was asked for outside of the path, where another application would see it. */
  readonly outside: string[];
  close(): Promise<void>;
}

/** A site on 127.0.0.1 below whose `path` a gateway is served: takes the path off, of upgrades too. */
export async function startPathProxy({ path, target }: PathProxyOptions): Promise<PathProxy> {
  const outside: string[] = [];
  const sockets = new Set<Socket>();
  function inner(request: IncomingMessage): string | null {
    const url = request.url ?? '';
    if (url.startsWith(`${path}/`)) return url.slice(path.length);
    outside.push(`${request.method} ${url}`);
    return null;
  }

  const server = createServer((request, response) => {
    const { method, headers } = request;
    const url = inner(request);
    if (url === null) return void response.writeHead(404).end('<html>the rest of the site</html>');
    const onward = { host: '127.0.0.1', port: target, path: url, method, headers };
    const up = ask(onward, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    up.on('error', () => response.destroy());
    request.pipe(up);
  });
  server.on('upgrade', (request, near: Socket, head) => {
    const url = inner(request);
    if (url === null) return void near.end('HTTP/1.1 404 Not Found\r\n\r\n');
    const far = connect(target, '127.0.0.1');
    const lines = request.rawHeaders.map((each, n) => (n % 2 === 0 ? `${each}: ` : `${each}\r\n`));
    far.write(`GET ${url} HTTP/1.1\r\n${lines.join('')}\r\n`);
    far.write(head);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    outside,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
