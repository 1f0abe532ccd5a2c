import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Problem } from './problem.mjs';

/** What the launcher would refuse after minutes of installing and building is refused before them. */
export async function preflight({ dataDir, host, port, gateways }) {
  try {
    makeFolder(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Problem(`The data folder ${dataDir} cannot be used: ${error.message}`);
  }
  // A launcher runs on this folder, or was killed and what it left is ending: ours sees which.
  if (port === 0 || existsSync(join(dataDir, 'launcher.json'))) return;
  for (let each = port; each < port + gateways; each += 1) await checkPort(each, host);
}

/** Not with `recursive`: Node's never returns where the system answers ENOENT below a folder that exists. */
function makeFolder(dir) {
  if (isFolder(dir)) return;
  const parent = dirname(dir);
  if (parent !== dir) makeFolder(parent);
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (!isFolder(dir)) throw error;
  }
}

function isFolder(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function checkPort(port, host) {
  const server = createServer();
  server.listen({ port, host, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Problem(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is in use: stop what listens there, or choose another with --port.`
        : ['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(error.code)
          ? `--host ${host} is no address of this machine: 127.0.0.1 is loopback, 0.0.0.0 all of them.`
          : `Port ${port} cannot be used: ${error.message}`,
    );
  }
  server.close();
  await once(server, 'close');
}
