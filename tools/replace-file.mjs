import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Commands may run from `folder` meanwhile: they find the file whole, the old one or the new one. */
export function replaceFile(folder, name, contents) {
  const written = join(folder, `.${name}.${process.pid}`);
  writeFileSync(written, contents);
  renameSync(written, join(folder, name));
}
