import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './find-on-path.mjs';
import { Problem } from './problem.mjs';
import { runStep } from './run-step.mjs';
import { canInstallPackages, installPackages } from './system-packages.mjs';
import { root } from './workspace.mjs';

const toolchain = { python3: 'python3', make: 'make', 'g++': 'g++' };

/** Installs what package-lock.json lists, unless exactly that is installed and runs on this Node. */
export async function ensureDependencies({ quiet = false } = {}) {
  if (isInstalled() && nativeModulesLoad()) return;
  const missing = Object.keys(toolchain).filter((command) => !findOnPath(command));
  if (missing.length > 0 && canInstallPackages()) {
    const packages = missing.map((command) => toolchain[command]);
    await installPackages('better-sqlite3 may have to be compiled', packages);
    missing.length = 0;
  }
  try {
    await runStep('Installing dependencies (some minutes the first time)', 'npm', installArgs, {
      quiet,
    });
  } catch (error) {
    if (missing.length === 0) throw error;
    throw new Problem(`${error.message}\n\n${toolchainHelp(missing)}`);
  }
  if (!nativeModulesLoad()) {
    throw new Problem(`better-sqlite3 does not load on Node ${process.version}.`);
  }
}

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
    `better-sqlite3 could not be downloaded ready to run, and to compile it ${missing.join(', ')} must be installed:`,
    '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install python3 make g++',
    '  macOS:           xcode-select --install && brew install python',
  ].join('\n');
}
