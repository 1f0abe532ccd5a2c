import { LIMITS } from '@agent-messenger/contracts';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { checkVariables } from '../src/deploy/config-check';
import { configSchemaOf } from '../src/docs/generated-docs';

interface Service {
  image: string;
  build?: { args: Record<string, string> };
  scale?: number;
  environment?: Record<string, string>;
  ports?: string[];
  networks?: string[];
  healthcheck?: unknown;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  restart?: string;
  cpus?: number;
  mem_limit?: string;
  tmpfs?: string[];
  pids_limit?: number;
  stop_grace_period?: string;
  logging?: { options: Record<string, string> };
}

interface ComposeFile {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
}

const root = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as ComposeFile;
const scaled = parse(read('docker-compose.scale.yml'), { merge: true }) as ComposeFile;
const postgres = parse(read('docker-compose.postgres.yml'), { merge: true }) as ComposeFile;
const { services } = compose;
const own = Object.entries(services).filter(([name]) => existsSync(join(root, 'apps', name)));
/** With those that the other files add. */
const all = Object.entries({ ...postgres.services, ...scaled.services, ...services });

describe('docker-compose.yml', () => {
  it('builds every service of apps/, each as itself', () => {
    const names = own.map(([name]) => name);
    expect(names.toSorted()).toEqual(['auth', 'gateway', 'messages', 'push-worker']);
    for (const [name, { build, image }] of own) {
      expect(build?.args['SERVICE']).toBe(name);
      expect(image).toContain(`/${name}:`);
    }
  });

  it.each(own)('gives %s the variables that it knows and needs', (name, { environment = {} }) => {
    expect(checkVariables(configSchemaOf(root, name), Object.keys(environment))).toEqual([]);
    // Required of who signs and of who verifies, unless they do it with a key.
    const handlesTokens = ['auth', 'gateway'].includes(name);
    expect('JWT_SECRET' in environment).toBe(handlesTokens);
  });

  it('publishes the load balancer, and on this machine alone unless told otherwise', () => {
    const published = all.filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name]) => name).toSorted()).toEqual(['grafana', 'lb']);
    for (const [, { ports = [] }] of published) {
      for (const port of ports) expect(port).toMatch(/^\$\{\w+:-127\.0\.0\.1:\d+\}:\d+$/);
    }
  });

  it('keeps Redis and the internal ports where only services are', () => {
    const networks = { ...compose.networks, ...scaled.networks, ...postgres.networks };
    const inside = (name: string) => networks[name]?.internal === true;
    const redis = ['redis-live', 'redis-queue'];
    for (const name of redis) expect(services[name]?.networks).toEqual(['back']);
    expect(inside('back')).toBe(true);
    const onBack = Object.keys(services).filter((name) =>
      services[name]?.networks?.includes('back'),
    );
    expect(onBack.toSorted()).toEqual([...own.map(([name]) => name), ...redis].toSorted());
    // What needs no way out has none.
    const outside = Object.entries(services).filter(
      ([, { networks = [] }]) => !networks.every(inside),
    );
    expect(outside.map(([name]) => name).toSorted()).toEqual(['lb', 'push-worker']);
  });

  // One that is switched off has nothing of its own.
  const run = all.filter(([, { scale }]) => scale !== 0);
  it.each(run)('locks %s up and gives it limits', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
      cpus: expect.any(Number),
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      pids_limit: expect.any(Number),
      logging: { options: { 'max-size': expect.any(String), 'max-file': expect.any(String) } },
    });
    // The image of ours has one.
    const isOurs = service.image.includes('IMAGE_PREFIX');
    expect(service.healthcheck !== undefined || isOurs).toBe(true);
  });

  it('gives services the time that they take to stop, and has two gateways', () => {
    for (const [, { stop_grace_period = '10s' }] of own) {
      expect(parseInt(stop_grace_period)).toBeGreaterThan(25);
    }
    expect(services['gateway']?.scale).toBe(2);
    expect(scaled.services['gateway']?.scale).toBeGreaterThan(2);
  });
});

describe('docker-compose.postgres.yml', () => {
  const { messages, 'messages-2': second, postgres: server } = postgres.services;
  const environment = { ...services['messages']?.environment, ...messages?.environment };

  it('gives messages the database in the place of its file, and a second replica the same', () => {
    expect(environment).toMatchObject({
      DB_PATH: '',
      DATABASE_URL: expect.stringContaining('@postgres:5432/'),
    });
    expect(second?.environment).toEqual(environment);
    expect(second?.image).toBe(services['messages']?.image);
    for (const key of ['mem_limit', 'cpus', 'pids_limit', 'stop_grace_period', 'tmpfs'] as const) {
      expect(second?.[key]).toEqual(services['messages']?.[key]);
    }
  });

  it('lets all that call messages know both', () => {
    const callers = own.filter(([, of]) => of.environment?.['MESSAGES_URL'] !== undefined);
    expect(callers.length).toBeGreaterThan(0);
    for (const [name] of callers) {
      const { MESSAGES_URL: urls } = postgres.services[name]?.environment ?? {};
      expect(urls).toBe('http://messages:9090,http://messages-2:9090');
    }
  });

  it('keeps PostgreSQL where only services are, and backs it up instead of a file', () => {
    expect([server?.networks, server?.ports]).toEqual([['back'], undefined]);
    expect(postgres.services['backup']).toEqual({ scale: 0 });
    expect(postgres.services['backup-postgres']?.image).toBe(server?.image);
  });
});

describe('images', () => {
  const dockerfile = read('Dockerfile').replaceAll('\\\n', '');
  const [, command = ''] = /^HEALTHCHECK .+? CMD (.+)$/m.exec(dockerfile)!;
  const [program = '', ...args] = JSON.parse(command) as string[];

  it.each([
    ['is ready', 200, 0],
    ['is not', 503, 1],
  ])('are healthy by what the private port answers: one that %s', async (_, status, code) => {
    const server = createServer(({ url }, response) => {
      response.writeHead(url === '/readyz' ? status : 404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const env = { PATH: '/usr/bin:/bin', INTERNAL_PORT: `${port}` };
    expect(await once(spawn(program, args, { env }), 'exit')).toEqual([code, null]);
    await new Promise((resolve) => server.close(resolve));
    expect(await once(spawn(program, args, { env }), 'exit')).toEqual([1, null]);
  });

  it('get what the Dockerfile copies, and what the build imports', () => {
    const allowed = read('.dockerignore').match(/(?<=^!)\S+/gm) ?? [];
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, sources = '']) => sources.split(' '),
    );
    const imported = [...read('tools/build.mjs').matchAll(/from '\.\/(.+)'/g)].map(
      ([, file = '']) => `tools/${file}`,
    );
    expect(imported.length).toBeGreaterThan(0);
    for (const path of [...copied, ...imported]) {
      const isLetIn = allowed.some((entry) => `${path}/`.startsWith(`${entry}/`));
      const isPartlyLetIn =
        copied.includes(path) && allowed.some((entry) => entry.startsWith(`${path}/`));
      expect([path, isLetIn || isPartlyLetIn]).toEqual([path, true]);
    }
  });

  it('of messages have the packages that the admin command needs', () => {
    const folders = ['apps/messages', 'libs/contracts', 'libs/service-kit'];
    const installed = folders.flatMap((folder) => {
      const { dependencies = {} } = JSON.parse(read(`${folder}/package.json`)) as {
        dependencies?: Record<string, string>;
      };
      return Object.keys(dependencies);
    });
    const needed = [...read('tools/dist/admin.js').matchAll(/require\("([^"./][^"]*)"\)/g)]
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('node:'));
    expect(needed).toContain('ioredis');
    expect(needed.filter((name) => !installed.includes(name))).toEqual([]);
  });
});

describe('npm run secrets', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'am-secrets-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const secretsTo = (file: string) =>
    spawnSync('sh', [join(root, 'deploy', 'secrets.sh'), file], { encoding: 'utf8' });

  it('makes all that compose insists on, for its owner alone', () => {
    const file = join(folder, 'env');
    expect(secretsTo(file).status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secrets = parseEnv(readFileSync(file, 'utf8'));
    const files = ['docker-compose.yml', 'docker-compose.scale.yml', 'docker-compose.postgres.yml'];
    const text = files.map(read).join('\n');
    const insisted = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
    expect(Object.keys(secrets).toSorted()).toEqual([...new Set(insisted)].toSorted());
    const values = Object.values(secrets);
    for (const value of values) expect(value).toMatch(/^[\da-f]{64}$/);
    expect(new Set(values).size).toBe(values.length);
  });

  it('leaves secrets alone that are there, and nothing else behind', () => {
    const file = join(folder, 'env');
    secretsTo(file);
    const before = readFileSync(file, 'utf8');
    const { status, stderr } = secretsTo(file);
    expect(status).toBe(1);
    expect(stderr).toContain('is there already');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(secretsTo(join(folder, 'nowhere', 'env')).status).not.toBe(0);
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });
});

describe('what compose mounts', () => {
  it('lets no heartbeat run into a timeout of the load balancer', () => {
    const nginx = read('deploy/nginx/nginx.conf');
    for (const timeout of ['proxy_read_timeout', 'proxy_send_timeout']) {
      const [, seconds] = new RegExp(`${timeout} (\\d+)s;`).exec(nginx) ?? [];
      expect(Number(seconds) * 1_000).toBeGreaterThan(LIMITS.pingIntervalMs + LIMITS.pingTimeoutMs);
    }
  });

  it('has Prometheus ask every service at its internal port', () => {
    const { scrape_configs } = parse(read('deploy/monitoring/prometheus.yml')) as {
      scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const [targets] = scrape_configs.flatMap(({ dns_sd_configs }) => dns_sd_configs);
    expect(targets?.names.toSorted()).toEqual(own.map(([name]) => name).toSorted());
    const { properties = {} } = configSchemaOf(root, 'gateway');
    expect(targets?.port).toBe(properties['INTERNAL_PORT']?.['default']);
  });
});
