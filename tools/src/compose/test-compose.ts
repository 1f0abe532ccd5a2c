import { findRoot, freePort, LaunchError } from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { makeWorkFolder } from '../bench/work-folder';
import { refusesWithoutSecrets } from './checks';
import { ComposeProject } from './compose-project';
import { POSTGRES_FILE } from './drills';
import { findEngine } from './engine';
import { exercise, NEW, OLD } from './exercise';
import { runCommand } from './run-command';
import { expectNone } from './steps';

const IMAGES = ['auth', 'gateway', 'messages', 'push-worker'];
const TEARDOWN_MS = 180_000;

export const STORES = ['sqlite', 'postgres'] as const;
export type Store = (typeof STORES)[number];

const OVERRIDES: Record<Store, string[]> = { sqlite: [], postgres: [POSTGRES_FILE] };

export interface ComposeContext {
  store: Store;
  /** Of the commands that are run. */
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Progress. */
  say: (line: string) => void;
}

/**
 * docker-compose.yml as an operator uses it, as a project of its own on a free port of 127.0.0.1, of which nothing
 * remains afterwards.
 * @throws what does not hold
 */
export async function testCompose({ store, env, signal, say }: ComposeContext): Promise<void> {
  const root = findRoot();
  const engine = await findEngine({ cwd: root, env, signal });
  const name = `am-test-${randomBytes(4).toString('hex')}`;
  say(`${engine.description}; project ${name}`);

  const folder = makeWorkFolder('compose');
  let isKept = false;
  try {
    const envFile = join(folder, 'env');
    await runCommand(['sh', 'deploy/secrets.sh', envFile], { cwd: root, env, signal });
    const secrets = parseEnv(readFileSync(envFile, 'utf8')) as Record<string, string>;
    // What a shell happens to export has precedence over the file.
    const without = Object.fromEntries(Object.keys(secrets).map((secret) => [secret, undefined]));
    const publish = `127.0.0.1:${await freePort()}`;
    const adminPublish = `127.0.0.1:${await freePort()}`;
    const own = {
      PUBLISH: publish,
      ADMIN_PUBLISH: adminPublish,
      REGISTRATION_OPEN: 'true',
      IMAGE_PREFIX: name,
      IMAGE_TAG: OLD,
    };
    const overrides = OVERRIDES[store];
    const options = {
      engine,
      overrides,
      name,
      root,
      envFile,
      signal,
      env: { ...env, ...without, ...own },
    };
    const project = new ComposeProject(options);
    const emptyFile = join(folder, 'empty');
    writeFileSync(emptyFile, '');
    const problems: unknown[] = [];
    try {
      await refusesWithoutSecrets(project.with({ envFile: emptyFile }));
      say('without secrets nothing starts');
      await exercise(project, {
        store,
        url: `http://${publish}`,
        adminUrl: `http://${adminPublish}`,
        secrets,
        folder,
        signal,
        say,
      });
    } catch (error) {
      problems.push(error);
      // Unless it was told to stop.
      isKept = !(signal.reason instanceof LaunchError);
      if (isKept) say(await saveLogs(afterwards(project), folder));
    }
    say('removing its containers, networks, volumes and images …');
    await remove(afterwards(project), name).catch((error: unknown) => problems.push(error));
    // The first is what happened; the other one must not hide it.
    if (problems.length > 1) throw new AggregateError(problems, problems.map(String).join('\n'));
    if (problems.length > 0) throw problems[0];
  } finally {
    if (!isKept) rmSync(folder, { recursive: true, force: true });
  }
}

/** The same project, when the run has ended or was ended, with whatever files it was started. */
function afterwards(project: ComposeProject): ComposeProject {
  return project.with({
    overrides: [POSTGRES_FILE],
    signal: AbortSignal.timeout(TEARDOWN_MS),
  });
}

/** What went wrong is told by the error: that nothing can be saved of it must not take its place. */
async function saveLogs(project: ComposeProject, folder: string): Promise<string> {
  const file = join(folder, 'log');
  try {
    const { all } = await project.compose('logs', '--no-color');
    writeFileSync(file, all);
    return `failed; what the containers said is in ${file}`;
  } catch {
    return 'failed; the containers say nothing any more';
  }
}

/** @throws what remains of it */
async function remove(project: ComposeProject, name: string): Promise<void> {
  await project.compose('down', '--volumes', '--remove-orphans', '--timeout', '5');
  const tags = IMAGES.flatMap((image) => [OLD, NEW].map((tag) => `${name}/${image}:${tag}`));
  // Those that were not built yet are missing.
  await project.docker('image', 'rm', ...tags).catch(() => undefined);
  expectNone('there are still', await project.remains());
}
