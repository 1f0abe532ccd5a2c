import type { Database } from 'better-sqlite3';
import { COMPACT_SCHEMA } from './compact-schema';
import { WIDE_STEPS } from './wide-steps';

/** Of a file with the compact schema and none of the steps after it. */
export const COMPACT_VERSION = WIDE_STEPS.length + 1;

/**
 * What came after the compact schema, one step per entry. Forward only: a step that has been released is never changed.
 */
export const STEPS: readonly string[] = [];

export function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

/** @throws Error for a file of a program that is newer than this one */
export function refuseNewer(path: string, version: number): void {
  const known = COMPACT_VERSION + STEPS.length;
  if (version <= known) return;
  throw new Error(
    `${path} has schema version ${version}, this program knows up to ${known}: ` +
      'run the newer program, or restore a backup from before the upgrade',
  );
}

/**
 * Makes the tables of a new database, and carries out the steps that an older compact one has not seen, all in one
 * transaction: an upgrade that fails leaves a database that the program before it still runs on.
 */
export function bringUpToDate(db: Database, path: string, steps = STEPS): void {
  db.transaction(() => {
    const version = versionOf(db);
    if (steps === STEPS) refuseNewer(path, version);
    if (version === COMPACT_VERSION + steps.length) return;
    if (version === 0) db.exec(COMPACT_SCHEMA);
    for (const step of steps.slice(Math.max(0, version - COMPACT_VERSION))) db.exec(step);
    db.pragma(`user_version = ${COMPACT_VERSION + steps.length}`);
  }).immediate();
}

/** Carries out the steps up to the last wide schema that a database has not seen, all in one transaction. */
export function takeWideSteps(db: Database, steps = WIDE_STEPS): void {
  db.transaction(() => {
    const version = versionOf(db);
    if (version >= steps.length) return;
    for (const step of steps.slice(version)) db.exec(step);
    db.pragma(`user_version = ${steps.length}`);
  }).immediate();
}
