import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './find-on-path.mjs';
import { Problem, withHelp } from './problem.mjs';
import { Stopped } from './run-group.mjs';
import { runStep } from './run-step.mjs';
import { canInstallPackages, installPackages } from './system-packages.mjs';
import { root } from './workspace.mjs';

const toolchain = { python3: 'python3', make: 'make', 'g++': 'g++' };

/** Installs what package-lock.json lists, unless exactly that is installed and runs on this Node. */
export async function ensureDependencies({ quiet = false } = {}) {
  if (isInstalled() && nativeModulesWork()) return;
  await ensureToolchain();
  const install = () =>
    runStep('Installing dependencies (some minutes the first time)', 'npm', installArgs, { quiet });
  await keepingPrevious(modulesFolders(), install).catch((error) => {
    const missing = missingTools();
    throw missing.length === 0 || error instanceof Stopped
      ? error
      : withHelp(error, toolchainHelp(missing));
  });
  if (!nativeModulesWork()) await compile({ quiet });
  if (!nativeModulesWork()) {
    throw new Problem(`better-sqlite3 does not work on Node ${process.version}.`);
  }
}

/** What was downloaded ready to run, or compiled with what Node 24 has, may abort the process. */
async function compile({ quiet }) {
  const header = join(root, 'tools/lib/native/object-wrap.h');
  const CXXFLAGS = `${process.env.CXXFLAGS ?? ''} -include "${header}"`.trim();
  const args = ['rebuild', 'better-sqlite3', '--build-from-source', '--loglevel=error'];
  await runStep('Compiling better-sqlite3 for this Node', 'npm', args, {
    quiet,
    env: { CXXFLAGS },
  });
}

/** Exported for its test. A failure is only told: a prebuilt better-sqlite3 may be within reach. */
export async function ensureToolchain() {
  const missing = missingTools();
  if (missing.length === 0 || !canInstallPackages()) return;
  const packages = missing.map((command) => toolchain[command]);
  try {
    await installPackages('better-sqlite3 may have to be compiled', packages);
  } catch (error) {
    if (error instanceof Stopped) throw error;
    process.stderr.write(`${withHelp(error, toolchainHelp(missing)).message}\n`);
  }
}

const missingTools = () => Object.keys(toolchain).filter((command) => !findOnPath(command));

// The tools that build and test are development dependencies: needed whatever NODE_ENV says.
const installArgs = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * `npm ci` begins by removing what is installed: that stands aside meanwhile, and comes back when the installation
 * fails or is stopped, or with the next run when this process is killed. Exported for its test.
 */
export async function keepingPrevious(folders, install) {
  for (const folder of folders) putBack(folder);
  const kept = folders.filter((folder) => existsSync(folder));
  for (const folder of kept) renameSync(folder, asideOf(folder));
  try {
    await install();
  } catch (error) {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    for (const folder of kept) putBack(folder);
    throw error;
  }
  for (const folder of kept) rmSync(asideOf(folder), { recursive: true, force: true });
}

const asideOf = (folder) => `${folder}.previous`;

function putBack(folder) {
  const aside = asideOf(folder);
  if (!existsSync(aside)) return;
  rmSync(folder, { recursive: true, force: true });
  renameSync(aside, folder);
}

/** Of the workspace and of its packages. */
function modulesFolders() {
  const packages = ['apps', 'libs'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name)),
  );
  return ['.', 'tools', ...packages].map((folder) => join(root, folder, 'node_modules'));
}

/** npm keeps a lock file of what it has installed; packages of other platforms are rightly absent. */
function isInstalled() {
  try {
    const wanted = packagesOf('package-lock.json');
    const installed = packagesOf('node_modules/.package-lock.json');
    return Object.entries(wanted).every(([path, { version, optional, integrity }]) => {
      if (!path.includes('node_modules/')) return true;
      const there = installed[path];
      if (!there) return optional === true;
      return there.version === version && there.integrity === integrity;
    });
  } catch {
    // One of the files is missing or cut short.
    return false;
  }
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
}

/** False after a change of Node's major version, too. In a process of its own: a failed load cannot be repeated. */
function nativeModulesWork() {
  const probe = [join(root, 'tools/lib/native/probe.cjs'), 'bcrypt'];
  return spawnSync(process.execPath, probe, { cwd: root, stdio: 'ignore' }).status === 0;
}

function toolchainHelp(missing) {
  return [
    `Where better-sqlite3 cannot be downloaded ready to run it is compiled, and that needs ${missing.join(', ')}:`,
    '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install python3 make g++',
    '  macOS:           xcode-select --install && brew install python',
    '  Docker:          docker run --rm --interactive --tty --network host --volume "$PWD":/app --workdir /app \\',
    '                     node:22 npm start',
  ].join('\n');
}
