import { findRoot } from '@agent-messenger/testkit';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, type Dirent } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = findRoot();
const folder = mkdtempSync(join(tmpdir(), 'am-refused-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Schema {
  properties: Record<string, { minLength?: number }>;
  required?: string[];
}

const entry = (service: string) => join(root, 'apps', service, 'dist', 'main.js');
const run = (service: string, env: Record<string, string>, ...args: string[]) =>
  spawnSync(process.execPath, [entry(service), ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 50_000,
  });

const SERVICES = ['auth', 'gateway', 'messages', 'push-worker'] as const;
type Service = (typeof SERVICES)[number];

/** The variables of each service that take a secret, as the service itself lists them. */
const SECRETS = Object.fromEntries(
  SERVICES.map((service) => {
    const { properties } = JSON.parse(run(service, {}, '--config-schema').stdout) as Schema;
    return [service, Object.keys(properties).filter((name) => properties[name]?.minLength === 32)];
  }),
) as Record<Service, string[]>;

const random = () => randomBytes(32).toString('hex');

/** All that a service needs; nothing of it can be reached. */
const settings = (service: Service): Record<string, string> => ({
  ...Object.fromEntries(SECRETS[service].map((name) => [name, random()])),
  REDIS_URL: 'redis://127.0.0.1:1',
  MESSAGES_URL: 'http://127.0.0.1:1',
  AUTH_URL: 'http://127.0.0.1:1',
  DB_PATH: join(folder, 'never.db'),
});

test('who needs which secret', () => {
  const needed = SERVICES.map((service) => [service, SECRETS[service].toSorted()]);
  expect(Object.fromEntries(needed)).toEqual({
    auth: ['INTERNAL_JWT_SECRET', 'JWT_SECRET'],
    gateway: ['ADMIN_API_KEY', 'INTERNAL_JWT_SECRET', 'JWT_SECRET', 'JWT_SECRET_PREVIOUS'],
    messages: ['INTERNAL_JWT_SECRET'],
    'push-worker': ['INTERNAL_JWT_SECRET'],
  });
});

describe.each(SERVICES)('%s', (service) => {
  const optional = ['JWT_SECRET_PREVIOUS'];

  test.each(SECRETS[service])(
    'does not start with a bad %s',
    (name) => {
      const good = settings(service);
      const values: (string | undefined)[] = [
        ...(optional.includes(name) ? [] : [undefined]),
        random().slice(0, 31),
        'change-me-change-me-change-me-change-me',
      ];
      for (const value of values) {
        const env = { ...good };
        delete env[name];
        if (value !== undefined) env[name] = value;
        const { status, stdout, stderr } = run(service, env);
        expect({ value, status }).toEqual({ value, status: 1 });
        expect(stderr).toMatch(new RegExp(`^${service}: configuration:\n {2}${name}: `));
        if (value) expect(stderr + stdout).not.toContain(value);
      }
      // It was not even opened.
      expect(readdirSync(folder)).toEqual([]);
    },
    180_000,
  );

  test('starts with good ones, as far as it can without the rest', async () => {
    const child = spawn(process.execPath, [entry(service)], {
      cwd: folder,
      env: settings(service),
    });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await once(child, 'close');
    // It has a log, so its configuration is behind it.
    expect(first.toString()).toContain(`"name":"${service}"`);
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
  });
});

/** Files that people copy from. */
function examples(dir: string): string[] {
  return entriesOf(dir).flatMap((entry) => {
    const { name } = entry;
    const path = join(dir, name);
    if (/^(node_modules|dist|\.git|\.nx|\.data|coverage|__pycache__)$/.test(name)) return [];
    if (entry.isDirectory()) return examples(path);
    return /\.(md|ya?ml|env|json|sh)$|^\.env/.test(name) ? [path] : [];
  });
}

/** Of what is only there while another test runs nobody copies. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function entriesOf(dir: string): Dirent[] {
  return unlessGone(() => readdirSync(dir, { withFileTypes: true })) ?? [];
}

test('no manual or deployment of ours shows a secret that would be taken', () => {
  const assignment = /(\w*(?:JWT_SECRET|ADMIN_API_KEY))['"]?\s*[:=]\s*['"]?([^\s'"`#,}]{8,})/g;
  const shown = examples(root).flatMap((path) => {
    const text = unlessGone(() => readFileSync(path, 'utf8')) ?? '';
    return [...text.matchAll(assignment)].map(([, name = '', value = '']) => ({
      path,
      name,
      value,
    }));
  });
  // Variables of a shell and paths are no secrets.
  const values = new Set(shown.map(({ value }) => value).filter((value) => !/^[$/]/.test(value)));
  const isTaken = (value: string) => {
    const env = { ...settings('messages'), INTERNAL_JWT_SECRET: value };
    return !run('messages', env).stderr.includes('INTERNAL_JWT_SECRET');
  };
  const taken = new Set([...values].filter(isTaken));
  expect(shown.filter(({ value }) => taken.has(value))).toEqual([]);
}, 300_000);
