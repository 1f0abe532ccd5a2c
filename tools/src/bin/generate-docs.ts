import { findRoot } from '@agent-messenger/testkit';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocs } from '../docs/generated-docs';

/** Writes the generated files, or with `--check` only says which are not current. */
function main(args: string[]): void {
  const check = args.includes('--check');
  const root = findRoot();
  for (const [path, text] of Object.entries(generatedDocs(root))) {
    const file = join(root, path);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    if (check) process.exitCode = 1;
    else writeFileSync(file, text);
    console.log(check ? `${path} is not current: npm run docs writes it` : `${path} is written`);
  }
}

main(process.argv.slice(2));
