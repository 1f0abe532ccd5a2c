import { findRoot, freePort, waitFor } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const NGINX = '/usr/sbin/nginx';
export const HAPROXY = '/usr/sbin/haproxy';

export interface Proxy {
  url: string;
  stop(): Promise<void>;
}

const deployed = (name: string) => readFileSync(join(findRoot(), 'deploy/proxies', name), 'utf8');

const nginxWith = (location: string) =>
  `pid FOLDER/nginx.pid; error_log FOLDER/error.log; events {}
  http { access_log off; server { listen 127.0.0.1:PORT; location / { proxy_pass http://GATEWAY; proxy_bind 127.0.0.5; ${location} } } }`;

const ARGS = {
  nginx: (file: string) => [NGINX, '-c', file, '-g', 'daemon off;'],
  haproxy: (file: string) => [HAPROXY, '-db', '-f', file],
};

/** As in deploy/proxies, and as they are found elsewhere. They come to the gateway from 127.0.0.5. */
const CONFIGURATIONS: Record<keyof typeof ARGS, Record<string, string>> = {
  nginx: {
    ours: deployed('nginx.conf')
      .replace('listen 8080', 'listen 127.0.0.1:PORT')
      .replace(/ {4}server gateway-2.*\n/, '')
      .replace('gateway-1.internal:8080', 'GATEWAY')
      .replaceAll('/var/log/nginx', 'FOLDER')
      .replace('/run/nginx.pid', 'FOLDER/nginx.pid')
      .replace('proxy_pass', 'proxy_bind 127.0.0.5;\n      proxy_pass'),
    /** HTTP/1.0, its own bounds, and what a client says passes. */
    proxy_pass: nginxWith('client_max_body_size 500k;'),
    'own host': nginxWith(
      'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; client_max_body_size 1m;',
    ),
  },
  haproxy: {
    tls: deployed('haproxy.cfg')
      .replace('bind :8080', 'bind 127.0.0.1:PORT ssl crt FOLDER/site.pem alpn h2,http/1.1')
      .replace(/ {4}server gateway-2.*\n/, '')
      .replace('gateway-1.internal:8080', 'GATEWAY source 127.0.0.5'),
    impatient: `
defaults
  mode http
  timeout connect 3s
  timeout client 30s
  timeout server 30s
  timeout tunnel 1s
listen public
  bind 127.0.0.1:PORT
  server gateway GATEWAY source 127.0.0.5
`,
  },
};

/**
 * Runs one of these in front of a gateway, until `stop`.
 *
 * @param files what it reads besides, by name
 */
export async function startProxy(
  name: keyof typeof ARGS,
  gateway: string,
  configuration: string,
  files: Record<string, string> = {},
): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), `am-doctor-${name}-`));
  const port = await freePort();
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const file = join(folder, 'proxy.conf');
  const text = (CONFIGURATIONS[name][configuration] ?? '')
    .replaceAll('PORT', String(port))
    .replaceAll('GATEWAY', gateway)
    .replaceAll('FOLDER', folder);
  writeFileSync(file, text);
  const [program = '', ...args] = ARGS[name](file);
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = once(child, 'exit');
  const hasSite = 'site.pem' in files;
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} has ended: ${printed}`);
      return canConnect(port);
    },
    { describe: `${name} to listen`, timeoutMs: 20_000 },
  );
  return {
    url: hasSite ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    async stop() {
      // Not SIGKILL: workers of nginx would go on without their master.
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
