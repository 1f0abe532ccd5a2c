import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { AGENT, FakeGateway, USER } from './fake-gateway';
import { until } from './until';

const run = promisify(execFile);
const sdk = join(__dirname, '..');
const root = join(sdk, '../..');
/** Set by jest.preset.cjs: in CI what is not there fails. */
declare const runsEverything: boolean;
/** `npm test` brings them. */
const NODES = join(root, 'node_modules/.cache/node-versions');
const { versions } = JSON.parse(
  readFileSync(join(root, 'tools/lib/node-versions.json'), 'utf8'),
) as { versions: string[] };
/** Of the whole SDK with both transports, minified, in a browser. */
const BROWSER_BYTES = 35 * 1_024;
let folder: string;
let tarball: string;

/** Where an installed package is, its own dependencies beside it or above it. */
function installed(name: string): string {
  for (let at = sdk; at !== dirname(at); at = dirname(at)) {
    try {
      return realpathSync(join(at, 'node_modules', name));
    } catch {
      // Further up.
    }
  }
  throw new Error(`${name} is not installed`);
}
const command = (name: string) => installed(join('.bin', name));

/** An empty project outside of the repository that has installed the tarball: it, and what it says it depends on. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'am-sdk-'));
  await run('npm', ['pack', '--pack-destination', folder], { cwd: sdk });
  tarball = join(
    folder,
    readdirSync(folder).find((file) => file.endsWith('.tgz'))!,
  );
  const modules = join(folder, 'node_modules');
  const target = join(modules, '@agent-messenger/sdk');
  mkdirSync(target, { recursive: true });
  mkdirSync(join(modules, '@types'));
  await run('tar', ['xzf', tarball, '-C', target, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    symlinkSync(installed(name), join(modules, name));
  }
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

it('is found no fault with by publint and by arethetypeswrong', async () => {
  await run(command('publint'), ['run', '--strict', tarball], { cwd: folder });
  await run(command('attw'), [tarball], { cwd: folder });
}, 120_000);

const USE = `
import { connectAgent, type Agent, type Message } from '@agent-messenger/sdk';
import { createRest } from '@agent-messenger/sdk/rest';
export async function use(): Promise<Agent> {
  const agent = await connectAgent({ url: 'http://127.0.0.1:1', apiKey: 'key' });
  agent.onMessage(async (message, conversation, { signal }) => {
    const sent: { message: Message } = await conversation.send(message.content);
    // @ts-expect-error nothing is any
    const wrong: number = sent.message.id;
    signal.throwIfAborted();
  });
  // @ts-expect-error nothing is any
  await createRest('http://127.0.0.1:1').request('noSuchRoute', {});
  return agent;
}
`;

it.each([
  ['ESM and CommonJS under nodenext', ['use.mts', 'use.cts'], ['--module', 'nodenext']],
  ['a bundler', ['use.ts'], ['--module', 'esnext', '--moduleResolution', 'bundler']],
])(
  'has its types, strict and with library checks: %s',
  async (_, names, options) => {
    const files = names.map((name) => write(name, USE));
    const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,dom'];
    await run(command('tsc'), [...strict, ...options, '--types', 'node', ...files], {
      cwd: folder,
    });
  },
  300_000,
);

const AGENT_PROGRAM = `
async function main() {
  const [, , url, transport] = process.argv;
  const agent = await connectAgent({ url, apiKey: 'key-1', transport });
  agent.onMessage((message, conversation) =>
    conversation.send(process.version + ' echoes ' + message.content),
  );
}
main();
`;
const IMPORT = `import { connectAgent } from '@agent-messenger/sdk';`;
const REQUIRE = `const { connectAgent } = require('@agent-messenger/sdk');`;

describe.each(versions)('on Node %s', (version) => {
  const node = join(NODES, version, 'node_modules/node/bin/node');
  // Node has a WebSocket of its own from 22 on.
  const transports = version.startsWith('20.') ? ['socket.io'] : ['socket.io', 'websocket'];
  const runs = transports.flatMap((transport) => [
    ['ESM', transport, 'agent.mjs', IMPORT] as const,
    ['CommonJS', transport, 'agent.cjs', REQUIRE] as const,
  ]);

  (existsSync(node) || runsEverything ? it : it.skip).each(runs)(
    'runs as %s over %s; an agent that is replaced ends its process with 1',
    async (_, transport, name, head) => {
      const gateway = new FakeGateway();
      await gateway.start();
      try {
        const program = write(name, head + AGENT_PROGRAM);
        const ended = run(node, [program, gateway.url, transport], { cwd: folder }).catch(
          ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
        );
        await until(() => gateway.sockets.has(AGENT), 'the agent is connected');
        gateway.say(USER, 'hello');
        await until(() => gateway.messages().length === 2, 'an answer');
        expect(gateway.messages()[1]).toMatchObject({ content: `v${version} echoes hello` });
        gateway.socket(AGENT).emit('replaced', {});
        gateway.socket(AGENT).dismiss();
        await expect(ended).resolves.toMatchObject({
          code: 1,
          stderr: expect.stringContaining('replaced') as string,
        });
      } finally {
        await gateway.stop();
      }
    },
    60_000,
  );
});

it('makes a small bundle for browsers, without schemas and without modules of Node', async () => {
  const entry = write('page.js', `export * from '@agent-messenger/sdk';`);
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
    absWorkingDir: folder,
  });
  expect(Object.keys(metafile.inputs).filter((input) => input.includes('zod'))).toEqual([]);
  expect(gzipSync(outputFiles[0]!.contents).length).toBeLessThanOrEqual(BROWSER_BYTES);
});
