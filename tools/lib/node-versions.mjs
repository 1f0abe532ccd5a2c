import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from './problem.mjs';
import { Stopped } from './run-group.mjs';
import { runStep } from './run-step.mjs';
import { root } from './workspace.mjs';

/** Besides the floor the newest of each line that the SDK promises to run on. */
const { versions } = JSON.parse(readFileSync(join(root, 'tools/lib/node-versions.json'), 'utf8'));

/**
 * Brings the versions of Node on which tests run the packed SDK, from npm. Where it cannot be reached only those tests
 * cannot run, and that is told.
 */
export async function ensureNodeVersions() {
  for (const version of versions) {
    const folder = join(root, 'node_modules/.cache/node-versions', version);
    if (isThere(folder, version)) continue;
    const written = `${folder}.${process.pid}`;
    try {
      mkdirSync(written, { recursive: true });
      writeFileSync(
        join(written, 'package.json'),
        JSON.stringify({ allowScripts: { node: true } }),
      );
      const args = ['install', `node@${version}`, '--prefix', written, '--no-audit', '--no-fund'];
      await runStep(`Installing Node ${version} for tests`, 'npm', args);
      rmSync(folder, { recursive: true, force: true });
      renameSync(written, folder);
    } catch (error) {
      if (error instanceof Stopped) throw error;
      process.stderr.write(`${error.message}\nThe tests on Node ${version} are skipped.\n`);
    } finally {
      rmSync(written, { recursive: true, force: true });
    }
  }
}

/** The newest of a line: the folder of its `node`, and the one that has its headers. */
export function nodeOf(line) {
  const version = versions.find((each) => each.startsWith(`${line}.`));
  const packages = join(root, 'node_modules/.cache/node-versions', version, 'node_modules');
  const home = [packages, join(packages, 'node/node_modules')]
    .map((folder) => join(folder, `node-${platform}-${process.arch}`))
    .find((folder) => existsSync(join(folder, 'include/node/node.h')));
  if (home === undefined) {
    throw new Problem(`There is no Node ${line} here: the registry of npm has to be within reach.`);
  }
  return { bin: join(home, 'bin'), home };
}

const platform = process.platform === 'win32' ? 'win' : process.platform;

function isThere(folder, version) {
  try {
    const installed = readFileSync(join(folder, 'node_modules/node/package.json'), 'utf8');
    return JSON.parse(installed).version === version;
  } catch {
    return false;
  }
}
