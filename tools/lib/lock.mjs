import { randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const BEAT_MS = 1_000;
/** Much longer than anything blocks the event loop of its holder. */
const STALE_MS = 15_000;
const ASK_MS = 200;

/**
 * Runs `work` while no other process runs something under the same lock file; `onWait` is called once when
 * that takes waiting. The holder touches the file all the time: one that was killed is not waited for.
 */
export async function withLock(file, onWait, work) {
  const own = randomBytes(8).toString('hex');
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!claim(file, own)) {
    if (removeIfStale(file)) continue;
    if (!told) onWait();
    told = true;
    await delay(ASK_MS);
  }
  const beat = setInterval(() => touch(file, own), BEAT_MS);
  const release = () => {
    if (read(file) === own) rmSync(file, { force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off('exit', release);
    release();
  }
}

function claim(file, own) {
  try {
    writeFileSync(file, own, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** False when it is held, or when another process is removing it. */
function removeIfStale(file) {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    if (Date.now() - statSync(file).mtimeMs < STALE_MS) return false;
    const stale = read(file);
    renameSync(file, aside);
    // Another one was faster, and this is its lock.
    if (read(aside) !== stale) linkSync(aside, file);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function touch(file, own) {
  try {
    if (read(file) === own) utimesSync(file, new Date(), new Date());
  } catch {
    // Somebody has cleaned up: what runs goes on.
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
