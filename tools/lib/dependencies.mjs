import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
  if (isInstalled() && nativeModulesLoad()) return;
  await ensureToolchain();
  await runStep('Installing dependencies (some minutes the first time)', 'npm', installArgs, {
    quiet,
  }).catch((error) => {
    const missing = missingTools();
    throw missing.length === 0 ? error : withHelp(error, toolchainHelp(missing));
  });
  if (!nativeModulesLoad()) {
    throw new Problem(`better-sqlite3 does not load on Node ${process.version}.`);
  }
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
function nativeModulesLoad() {
  const check = `new (require('better-sqlite3'))(':memory:').close(); require('bcrypt')`;
  return spawnSync(process.execPath, ['-e', check], { cwd: root, stdio: 'ignore' }).status === 0;
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
