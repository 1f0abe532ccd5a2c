import { findRoot } from '@agent-messenger/testkit';
import { build } from 'esbuild';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** An empty page of an origin of its own, which has the SDK as `sdk`, as a bundler makes it of the package. */
export class PageServer {
  readonly origin: string;

  private constructor(private readonly server: Server) {
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param entry of the package, from the root of the repository */
  static async start(entry = 'libs/sdk/dist/index.js'): Promise<PageServer> {
    const { outputFiles } = await build({
      entryPoints: [join(findRoot(), entry)],
      bundle: true,
      format: 'iife',
      globalName: 'sdk',
      platform: 'browser',
      write: false,
    });
    const server = createServer((request, response) => {
      const isScript = request.url === '/sdk.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? outputFiles[0]!.text : '<script src="/sdk.js"></script>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PageServer(server);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
