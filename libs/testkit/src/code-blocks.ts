import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRoot } from './find-root';

export interface CodeBlock {
  /** File, nearest heading and, below one heading, which: `README.md, Start, 1`. */
  name: string;
  language: string;
  code: string;
}

/** The fenced code of a Markdown file of the repository. */
export function codeBlocks(file: string): CodeBlock[] {
  const text = readFileSync(join(findRoot(), file), 'utf8');
  const blocks: CodeBlock[] = [];
  let heading = '';
  let count = 0;
  const parts = /^#+ (?<heading>.+)$|^```(?<language>\w+)\n(?<code>[^]*?)^```$/gm;
  for (const { groups = {} } of text.matchAll(parts)) {
    if (groups.heading !== undefined) {
      heading = groups.heading;
      count = 0;
    } else {
      count += 1;
      const name = `${file}, ${heading}, ${count}`;
      blocks.push({ name, language: groups.language ?? '', code: groups.code ?? '' });
    }
  }
  return blocks;
}
