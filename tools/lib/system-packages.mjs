import { spawnSync } from 'node:child_process';
import { findOnPath } from './find-on-path.mjs';
import { runStep } from './run-step.mjs';

/**
 * One script as root, so that what it changes is restored by its own trap even if we are killed meanwhile.
 * Debian's packages start their service at once, Redis on 6379: a policy-rc.d that answers 101 forbids it
 * during the installation. The one that was there, if any, is moved aside and back. Ours carries a mark: one
 * that a killed run left behind is nobody's to keep.
 */
export const installScript = (policy = '/usr/sbin/policy-rc.d') => `
set -e
policy=${policy}
kept=$policy.kept-by-agent-messenger
mark='# Made by agent-messenger for one installation.'
restore() {
  rm -f "$policy"
  if [ -e "$kept" ] || [ -L "$kept" ]; then mv "$kept" "$policy"; fi
}
if grep -qsF "$mark" "$policy"; then rm -f "$policy"; fi
if [ ! -e "$kept" ] && { [ -e "$policy" ] || [ -L "$policy" ]; }; then mv "$policy" "$kept"; fi
trap restore EXIT
trap 'exit 143' INT TERM HUP
printf '#!/bin/sh\\n%s\\nexit 101\\n' "$mark" > "$policy"
chmod 755 "$policy"
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends "$@"
`;

/** Whether we may install packages here: root or password-less sudo on Debian, Ubuntu or a relative. */
export function canInstallPackages() {
  if (!findOnPath('apt-get') || !findOnPath('dpkg')) return false;
  if (process.getuid?.() === 0) return true;
  if (!findOnPath('sudo')) return false;
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

let last = Promise.resolve();

/** Installs Debian packages, without starting the services in them; one installation after the other. */
export function installPackages(why, packages) {
  const installed = last.then(() => install(why, packages));
  last = installed.catch(() => undefined);
  return installed;
}

async function install(why, packages) {
  const title = `${why}: installing ${packages.join(', ')} with apt-get`;
  const shell = ['sh', '-c', installScript(), 'install', ...packages];
  const [command, ...args] = process.getuid?.() === 0 ? shell : ['sudo', '-n', ...shell];
  await runStep(title, command, args);
}
