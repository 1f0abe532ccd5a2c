import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from './page';
import type { Repository } from './repository';

/** A folder that operators make. */
const NOT_OURS = 'deploy/nginx/local';
/** How pages shorten the names of tests. */
const ENDS = ['', '.ts', '.test.ts'];
const COMPOSE_COMMANDS = 'exec|run|stop|start|restart|logs|build|up';

/** Commands, files and objects that a page names and that do not exist. */
export function unknownCommands(page: Page, repository: Repository): string[] {
  return [...page.shell, ...page.code].flatMap((line) => {
    const command = line.replace(/(^|\s)#.*$/, '');
    return [
      ...unknownScripts(command, repository),
      ...unknownAdmin(command, repository),
      ...unknownServices(command, repository),
      ...unknownObjects(command, repository),
      ...missingFiles(command, repository),
    ];
  });
}

function unknownScripts(line: string, { scripts }: Repository): string[] {
  const named = [...line.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(
    ([, name = '']) => name,
  );
  return named.filter((name) => !scripts.includes(name)).map((name) => `npm run ${name}`);
}

/** Of the admin command, in a clone and in an image, also the options. */
function unknownAdmin(line: string, { adminCommands }: Repository): string[] {
  const [, name, rest = ''] =
    /(?:npm run admin --|service\/admin\.js)\s+([a-z-]+)([^|&;]*)/.exec(line) ?? [];
  if (name === undefined || name === '--help') return [];
  const options = adminCommands.get(name);
  if (!options) return [`admin ${name}`];
  return (rest.match(/(?<=\s)--[a-z-]+/g) ?? [])
    .filter((option) => !options.has(option))
    .map((option) => `admin ${name} ${option}`);
}

function unknownServices(line: string, { composeServices }: Repository): string[] {
  const found = new RegExp(`\\bdocker compose\\b.*? (?:${COMPOSE_COMMANDS})\\b(.*)$`).exec(line);
  if (!found) return [];
  const words = (found[1] ?? '').trim().split(/\s+/);
  const services: string[] = [];
  for (const [at, word] of words.entries()) {
    if (word === '' || word.startsWith('-') || /^\d+m?$/.test(word)) continue;
    if (words[at - 1] === '--scale') continue;
    // What comes after the service of `exec` and `run` is the command in it.
    if (!/^[a-z-]+$/.test(word)) break;
    services.push(word);
    if (/ (exec|run)\b/.test(line)) break;
  }
  return services
    .filter((name) => !composeServices.includes(name))
    .map((name) => `docker compose … ${name}`);
}

function unknownObjects(line: string, { objects }: Repository): string[] {
  const named =
    line.match(/\b(?:statefulset|deployment|cronjob|job|service)\/[a-z-]+(?![\w./])/g) ?? [];
  return named.filter((object) => !objects.has(object));
}

/** Paths from the root; a pattern or a placeholder is none. */
function missingFiles(line: string, { root }: Repository): string[] {
  const named =
    line.match(/(?<![\w/.:$-])(?:apps|deploy|docs|examples|k8s|libs|tools)\/[^\s'"`,;)]*/g) ?? [];
  return named
    .map((path) => path.replace(/[.:]$/, ''))
    .filter((path) => !/[*$<…]/.test(path))
    .filter((path) => !path.startsWith(NOT_OURS))
    .filter((path) => !ENDS.some((end) => existsSync(join(root, path + end))));
}
