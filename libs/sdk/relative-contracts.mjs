// The declarations name the contracts package, which is not published: point them at the copy beside them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'dist/types/libs/sdk/src';
for (const name of readdirSync(folder)) {
  const file = join(folder, name);
  const text = readFileSync(file, 'utf8');
  const contracts = '../../contracts/src/index';
  writeFileSync(file, text.replaceAll('@agent-messenger/contracts', contracts));
}
