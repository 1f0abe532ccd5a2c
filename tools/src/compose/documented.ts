import { codeBlocks } from '@agent-messenger/testkit';

/** Where pages say what an operator does with compose; the name is that of `codeBlocks`. */
export const DOCUMENTED = {
  upgrade: 'docs/compose.md, Upgrade, 1',
  backUp: 'docs/operations.md, Backup, 1',
  restore: 'docs/operations.md, Restore, 1',
  restoreElsewhere: 'docs/operations.md, Disaster, 1',
  moveToPostgres: 'docs/compose.md, PostgreSQL, 2',
  restoreDump: 'docs/compose.md, PostgreSQL, 3',
  bringDump: 'docs/compose.md, PostgreSQL, 4',
} as const;

export type Documented = keyof typeof DOCUMENTED;

/** The commands of a page that are for compose, as they stand there; lines that go on are indented. */
export function documented(what: Documented): string[] {
  const name: string = DOCUMENTED[what];
  const [file = ''] = name.split(',');
  const { code = '' } = codeBlocks(file).find((block) => block.name === name) ?? {};
  const commands = code.match(/^docker compose .*(?:\n +.*)*/gm);
  if (!commands) throw new Error(`${name} has no commands for compose`);
  return commands;
}
