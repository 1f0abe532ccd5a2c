import { join } from 'node:path';
import { root } from './workspace.mjs';

/** Arguments with which node runs Nx. */
export const nx = (...args) => [join(root, 'node_modules', '.bin', 'nx'), ...args];

/** No daemon: nothing is left running. No terminal interface: output is what follows each other. */
export const nxEnv = { NX_DAEMON: 'false', NX_TUI: 'false' };
