import { findRoot, freePort, waitFor } from '@agent-messenger/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type ProxyName = 'nginx' | 'haproxy' | 'caddy' | 'lighttpd' | 'apache' | 'varnish';

interface ProxySetup {
  program: string;
  /** In `deploy/proxies`. */
  file: string;
  /** What of the file is of another machine, and what it is here. */
  replace(here: Here): [string, string][];
  args(file: string, here: Here): string[];
  /** Where it writes what it was asked for; null: nowhere. */
  log(here: Here): string | null;
  /** Around the file, where that is a part of a configuration. */
  wrap?(text: string, here: Here): string;
}

interface Here {
  folder: string;
  port: number;
  /** host:port of each. */
  gateways: [string, string];
}

const APACHE_MODULES = [
  ...['mpm_event', 'authz_core', 'slotmem_shm', 'headers', 'proxy', 'proxy_http'],
  ...['proxy_wstunnel', 'proxy_balancer', 'lbmethod_bybusyness', 'proxy_hcheck'],
];

const addresses = ({ gateways }: Here): [string, string][] =>
  gateways.map((address, index) => [`gateway-${index + 1}.internal:8080`, address]);

export const PROXIES: Record<ProxyName, ProxySetup> = {
  nginx: {
    program: '/usr/sbin/nginx',
    file: 'nginx.conf',
    replace: (here) => [
      ...addresses(here),
      ['listen 8080', `listen 127.0.0.1:${here.port}`],
      ['/var/log/nginx', here.folder],
      ['/run/nginx.pid', join(here.folder, 'nginx.pid')],
      ['worker_processes auto', 'worker_processes 1'],
    ],
    args: (file) => ['-c', file, '-g', 'daemon off;'],
    log: ({ folder }) => join(folder, 'access.log'),
  },
  haproxy: {
    program: '/usr/sbin/haproxy',
    file: 'haproxy.cfg',
    replace: (here) => [...addresses(here), ['bind :8080', `bind 127.0.0.1:${here.port}`]],
    args: (file) => ['-db', '-f', file],
    log: ({ folder }) => join(folder, 'stdout'),
  },
  caddy: {
    program: '/usr/bin/caddy',
    file: 'Caddyfile',
    replace: (here) => [
      ...addresses(here),
      ['\nhttp://:8080', `\nhttp://127.0.0.1:${here.port}`],
      ['/var/log/caddy', here.folder],
      ['/run/caddy', here.folder],
    ],
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
    log: ({ folder }) => join(folder, 'access.log'),
  },
  lighttpd: {
    program: '/usr/sbin/lighttpd',
    file: 'lighttpd.conf',
    replace: (here) => [
      ...here.gateways.map((address, index): [string, string] => {
        const [host = '', port = ''] = address.split(':');
        return [`"gateway-${index + 1}.internal", "port" => 8080`, `"${host}", "port" => ${port}`];
      }),
      ['server.port = 8080', `server.bind = "127.0.0.1"\nserver.port = ${here.port}`],
      ['/var/log/lighttpd', here.folder],
      ['/var/empty', here.folder],
    ],
    args: (file) => ['-D', '-f', file],
    log: ({ folder }) => join(folder, 'access.log'),
  },
  apache: {
    program: '/usr/sbin/apache2',
    file: 'apache.conf',
    replace: (here) => [
      ...addresses(here),
      ['<VirtualHost *:8080>', `<VirtualHost 127.0.0.1:${here.port}>`],
      ['/var/log/apache2', here.folder],
    ],
    wrap: (text, { folder, port }) =>
      [
        ...APACHE_MODULES.map(
          (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
        ),
        ...[`ServerRoot ${folder}`, 'ServerName localhost', `DefaultRuntimeDir ${folder}`],
        ...[`PidFile ${folder}/apache.pid`, `ErrorLog ${folder}/error.log`],
        ...[`Listen 127.0.0.1:${port}`, 'User nobody', 'Group nogroup', text],
      ].join('\n'),
    args: (file) => ['-D', 'FOREGROUND', '-f', file],
    log: ({ folder }) => join(folder, 'agent-messenger.log'),
  },
  varnish: {
    program: '/usr/sbin/varnishd',
    file: 'varnish.vcl',
    replace: ({ gateways }) =>
      gateways.map((address, index) => {
        const [host = '', port = ''] = address.split(':');
        return [
          `"gateway-${index + 1}.internal";\n  .port = "8080"`,
          `"${host}";\n  .port = "${port}"`,
        ];
      }),
    args: (file, { folder, port }) => [
      ...['-F', '-j', 'none', '-n', join(folder, 'work'), '-s', 'malloc,16m', '-f', file],
      ...['-a', `127.0.0.1:${port}`, '-p', 'pipe_timeout=75'],
      ...['-p', 'http_req_hdr_len=32k', '-p', 'http_req_size=64k'],
    ],
    log: () => null,
  },
};

export const isInstalled = (name: ProxyName): boolean => existsSync(PROXIES[name].program);

export interface RunningProxy {
  url: string;
  /** What it has logged of requests; null where it logs none. */
  log(): string | null;
  stop(): Promise<void>;
}

/** Runs a proxy with our file for it, on a port of its own, until `stop`. */
export async function startProxy(
  name: ProxyName,
  gateways: [string, string],
): Promise<RunningProxy> {
  const setup = PROXIES[name];
  const folder = mkdtempSync(join(tmpdir(), `am-${name}-`));
  const here: Here = { folder, port: await freePort(), gateways };
  mkdirSync(join(folder, 'work'));
  let text = readFileSync(join(findRoot(), 'deploy', 'proxies', setup.file), 'utf8');
  for (const [from, to] of setup.replace(here)) {
    if (!text.includes(from)) throw new Error(`${setup.file} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  const file = join(folder, setup.file);
  writeFileSync(file, setup.wrap?.(text, here) ?? text);
  // `env` becomes the proxy: what it keeps of itself is kept in the folder.
  const homes = ['HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME'].map((one) => `${one}=${folder}`);
  const child = spawn('env', [...homes, setup.program, ...setup.args(file, here)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${here.port}`;
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} has ended: ${printed.stderr}`);
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    },
    { describe: `${name} to answer`, timeoutMs: 50_000 },
  );
  const log = setup.log(here);
  return {
    url,
    log: () => {
      if (log === null) return null;
      if (log.endsWith('stdout')) return printed.stdout;
      return existsSync(log) ? readFileSync(log, 'utf8') : '';
    },
    async stop() {
      child.kill('SIGTERM');
      // Some wait for open sockets.
      const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended;
      clearTimeout(kill);
      // Workers that outlive it for a moment may still write there.
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
