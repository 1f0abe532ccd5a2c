import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Cases that every SDK runs, whatever its language. */
export function vectors<C extends { name: string }>(name: string): C[] {
  const file = join(__dirname, '../../../contracts/vectors', `${name}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: C[] }).cases;
}
