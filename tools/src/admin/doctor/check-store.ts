import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { listBackups } from '../backup/backup-files';
import type { Finding } from './check';
import { fail, ok, warn } from './check';

/** statfs types of file systems over a network, where SQLite's locks cannot be relied upon. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
]);
const MIN_FREE_BYTES = 2 ** 30;
const MAX_BACKUP_AGE_H = 26;

/** The store's file, its disk and its backups; nothing of it is opened. */
export function checkStoreFiles(database: string, backups: string | undefined): Finding[] {
  const file = statSync(database, { throwIfNoEntry: false });
  const folder = statSync(dirname(database), { throwIfNoEntry: false });
  if (!folder)
    return [fail('store', `${dirname(database)} does not exist`, 'set DB_PATH, or --db')];
  return [
    file
      ? ok('store', `${database}, ${Math.round(file.size / 2 ** 20)} MiB`)
      : warn('store', `${database} does not exist`, 'messages makes it when it starts'),
    ...(file ? [modeOf('store permissions', file.mode, 'chmod 600'), ownerOf(file.uid)] : []),
    ...diskOf(dirname(database), file?.size ?? 0),
    ...(backups === undefined ? [] : [ageOf(backups)]),
  ];
}

function modeOf(what: string, mode: number, advice: string): Finding {
  const found = (mode & 0o777).toString(8);
  return (mode & 0o077) === 0
    ? ok(what, found)
    : fail(what, `${found}: others can read it`, advice);
}

function ownerOf(uid: number): Finding {
  const me = process.getuid?.() ?? uid;
  return uid === me || me === 0
    ? ok('store owner', `uid ${uid}`)
    : fail('store owner', `uid ${uid}, not ${me}`, 'run messages and this command as its owner');
}

function diskOf(folder: string, size: number): Finding[] {
  const { bavail, bsize, type } = statfsSync(folder);
  const free = bavail * bsize;
  const needed = Math.max(MIN_FREE_BYTES, size);
  const found = `${Math.round(free / 2 ** 20)} MiB free`;
  const network = NETWORK_FILE_SYSTEMS.get(type);
  return [
    free >= needed
      ? ok('disk', found)
      : fail('disk', found, `make room: at least ${Math.round(needed / 2 ** 20)} MiB`),
    network === undefined
      ? ok('file system', 'local')
      : fail('file system', network, 'put the store on a local disk or block volume'),
  ];
}

function ageOf(folder: string): Finding {
  const [newest] = statSync(folder, { throwIfNoEntry: false }) ? listBackups(folder) : [];
  const advice = 'look at the backup job; npm run admin -- backup';
  if (newest === undefined) return fail('backup', `none in ${folder}`, advice);
  const hours = (Date.now() - statSync(newest).mtimeMs) / 3_600_000;
  const found = `${newest}, ${Math.round(hours)} h old`;
  return hours <= MAX_BACKUP_AGE_H ? ok('backup', found) : fail('backup', found, advice);
}
