import { spawnSync } from 'node:child_process';
import { findOnPath } from './find-on-path.mjs';
import { Stopped } from './run-group.mjs';
import { canInstallPackages, installPackages } from './system-packages.mjs';

/** The first whose Kustomize is version 5: older ones render the manifests otherwise, or not at all. */
const OLDEST = { major: 1, minor: 27 };
const PACKAGE = 'kubernetes-client';

/**
 * Makes sure that the manifests can be rendered, where that is possible: kubectl is on PATH, or Debian has one that is
 * new enough. Else only their tests cannot run, and that is told.
 */
export async function ensureKubectl() {
  if (isRecent(installedVersion())) return;
  try {
    if (canInstallPackages() && isRecent(candidate())) {
      await installPackages('kubectl is not here', [PACKAGE]);
    }
  } catch (error) {
    if (error instanceof Stopped) throw error;
    process.stderr.write(`${error.message}\n`);
  }
  if (!isRecent(installedVersion())) process.stderr.write(`${help}\n`);
}

/** Exported for its test: of `kubectl version`, or of a Debian package. */
export function isRecent(version) {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return (
    Number(major) > OLDEST.major ||
    (Number(major) === OLDEST.major && Number(minor) >= OLDEST.minor)
  );
}

function installedVersion() {
  if (!findOnPath('kubectl')) return undefined;
  const args = ['version', '--client', '--output', 'json'];
  const { stdout } = spawnSync('kubectl', args, { encoding: 'utf8' });
  return /"gitVersion": "([^"]+)/.exec(stdout)?.[1];
}

/** What apt-get would install, by the lists that it has. */
function candidate() {
  if (!findOnPath('apt-cache')) return undefined;
  const { stdout } = spawnSync('apt-cache', ['policy', PACKAGE], { encoding: 'utf8' });
  return /Candidate: (\d\S*)/.exec(stdout)?.[1];
}

const help = [
  `The tests of k8s/ are skipped: they need kubectl ${OLDEST.major}.${OLDEST.minor} or newer on PATH.`,
  '  Debian 13:  sudo apt-get install kubernetes-client',
  '  macOS:      brew install kubectl',
  '  others:     https://kubernetes.io/docs/tasks/tools/',
].join('\n');
