import { attempt, fail, ok, warn, type Finding } from '@agent-messenger/service-kit';
import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkBackups } from './check-backups';
import { checkLastBackup } from './check-last-backup';

/** statfs types of file systems over a network, where SQLite's locks cannot be relied upon. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
]);
const MIN_FREE_BYTES = 2 ** 30;

export interface FileCheck {
  db?: string | undefined;
  /** Somebody said that the store is there. */
  named: boolean;
  /** Folder of backups. */
  backups?: string | undefined;
}

/** The SQLite store and its backups; nothing of it is opened. */
export function checkFile({ db, named, backups }: FileCheck): Finding[] {
  return [
    ...(db === undefined
      ? []
      : [
          ...attempt('store', () => checkStoreFiles(db, named)),
          ...attempt('last backup', () => checkLastBackup(db)),
        ]),
    ...(backups === undefined ? [] : attempt('backup', () => checkBackups(backups))),
  ];
}

/** The store's file and its disk. */
function checkStoreFiles(database: string, isNamed: boolean): Finding[] {
  const folder = dirname(database);
  if (!statSync(folder, { throwIfNoEntry: false })) {
    return isNamed
      ? [fail('store', `${folder} does not exist`, 'set DB_PATH, or --db')]
      : [ok('store', 'none is here; where messages runs, DB_PATH or --db names it')];
  }
  const file = statSync(database, { throwIfNoEntry: false });
  if (file && !file.isFile())
    return [fail('store', `${database} is no file`, 'set DB_PATH, or --db')];
  return [
    file
      ? ok('store', `${database}, ${Math.round(file.size / 2 ** 20)} MiB`)
      : warn('store', `${database} does not exist`, 'messages makes it when it starts'),
    ...(file ? [modeOf(database, file.mode), ownerOf(file.uid)] : []),
    ...attempt('store folder', () => [writable(folder)]),
    ...diskOf(folder, file?.size ?? 0),
  ];
}

function modeOf(database: string, mode: number): Finding {
  const found = (mode & 0o777).toString(8);
  return (mode & 0o077) === 0
    ? ok('store permissions', found)
    : fail('store permissions', `${found}: others can read it`, `chmod 600 ${database}`);
}

/** SQLite makes its log beside the store. */
function writable(folder: string): Finding {
  accessSync(folder, constants.W_OK);
  return ok('store folder', 'can be written to');
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
