import { Problem } from './problem.mjs';

const NEEDED = [20, 19];

/** Stops on a Node that the packages do not run on, before it fails somewhere inside them. */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  throw new Problem(`Node ${NEEDED.join('.')} or newer is needed; this is Node ${version}.`);
}
