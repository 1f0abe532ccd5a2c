import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dumpedEvents } from './checks';
import type { ComposeProject } from './compose-project';
import { documented, type Documented } from './documented';
import type { Store } from './test-compose';

/** Of the stores that docker-compose.yml has not. */
export const POSTGRES_FILE = 'docker-compose.postgres.yml';

/** Something that an operator does with the store, by the commands of the documentation. */
export interface Drill {
  title: string;
  /** Resolves with the project as it is from then on; `folder` is for what is to survive it. */
  work: (project: ComposeProject, folder: string) => Promise<ComposeProject>;
}

export const DRILLS: Record<Store, Drill[]> = {
  sqlite: [
    { title: 'the store is damaged, and a backup restored', work: restoreDamagedStore },
    { title: 'all is lost but secrets and a backup elsewhere', work: restoreFromElsewhere },
    { title: 'the store moves to PostgreSQL', work: moveToPostgres },
  ],
  postgres: [
    { title: 'the database is lost, and restored from a dump', work: restoreLostDatabase },
    { title: 'all is lost but secrets and a dump elsewhere', work: restoreDumpFromElsewhere },
  ],
};

async function restoreDamagedStore(project: ComposeProject): Promise<ComposeProject> {
  await project.shell(documented('backUp').join('\n'));
  const damage = 'head -c 65536 /dev/urandom | dd of=/data/messages.db conv=notrunc';
  await project.compose('exec', '-T', 'messages', 'bash', '-ec', damage);
  return follow(project, 'restore');
}

/** Carries out the commands of a page, and resolves with the project when it is healthy again. */
async function follow(project: ComposeProject, page: Documented): Promise<ComposeProject> {
  await project.shell(documented(page).join('\n'));
  await project.healthy();
  return project;
}

/** All volumes are gone; what is left is .env, and a backup that somebody has carried elsewhere. */
async function restoreFromElsewhere(
  project: ComposeProject,
  folder: string,
): Promise<ComposeProject> {
  await project.shell(documented('backUp').join('\n'));
  const { elsewhere, newest } = await carryAway(project, 'backup:/backups', folder);
  await project.compose('down', '--volumes');
  const commands = documented('restoreElsewhere').join('\n');
  await project.shell(
    commands.replaceAll('/from-elsewhere', elsewhere).replaceAll('messages-….db', newest),
  );
  await project.healthy();
  return project;
}

/** Copies a service's folder of backups out of reach of what happens to the project. */
async function carryAway(
  project: ComposeProject,
  from: `${string}:${string}`,
  folder: string,
): Promise<{ elsewhere: string; newest: string }> {
  const [service = '', path = ''] = from.split(':');
  const [container] = await project.containers(service);
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  await project.docker('cp', `${container?.Id}:${path}/.`, elsewhere);
  const names = readdirSync(elsewhere).toSorted();
  // As for the uid of the store, to whom the page gives them.
  chmodSync(elsewhere, 0o755);
  for (const name of names) chmodSync(join(elsewhere, name), 0o644);
  return { elsewhere, newest: names.at(-1) ?? '' };
}

async function moveToPostgres(project: ComposeProject): Promise<ComposeProject> {
  const [stop = '', ...rest] = documented('moveToPostgres');
  await project.shell(stop);
  const moved = project.with({ overrides: [POSTGRES_FILE] });
  await moved.shell(rest.join('\n'));
  await moved.healthy();
  return moved;
}

/** The volume of PostgreSQL is gone, and what is in the newest dump is put into a new one. */
async function restoreLostDatabase(project: ComposeProject): Promise<ComposeProject> {
  await dumpedEvents(project);
  await project.compose('rm', '--force', '--stop', 'postgres');
  await project.docker('volume', 'rm', project.volume('postgres-data'));
  await project.compose('up', '--detach', '--no-deps', 'postgres');
  await project.healthy('postgres');
  return follow(project, 'restoreDump');
}

async function restoreDumpFromElsewhere(
  project: ComposeProject,
  folder: string,
): Promise<ComposeProject> {
  await dumpedEvents(project);
  const place = 'backup-postgres:/var/lib/postgresql/data' as const;
  const { elsewhere, newest } = await carryAway(project, place, folder);
  await project.compose('down', '--volumes');
  const [start = '', bring = ''] = documented('bringDump');
  await project.shell(start);
  // There is a dump: of an empty database.
  await project.healthy('backup-postgres');
  await project.shell(
    bring.replace('/from-elsewhere', elsewhere).replace('messenger-….dump', newest),
  );
  return follow(project, 'restoreDump');
}
