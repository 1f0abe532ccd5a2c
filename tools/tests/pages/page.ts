import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page of the documentation, as far as it can be held against what it speaks of. */
export interface Page {
  /** From the root. */
  file: string;
  /** All of it. */
  text: string;
  /** Headings, as they are written. */
  headings: { level: number; text: string }[];
  /** What a link can lead to, as GitHub makes it of headings. */
  anchors: string[];
  /** Targets of links. */
  links: string[];
  /** Lines of shell; a line that goes on in the next one is one line. */
  shell: string[];
  /** Inline code. */
  code: string[];
}

export function readPage(root: string, file: string): Page {
  return parsePage(file, readFileSync(join(root, file), 'utf8'));
}

export function parsePage(file: string, text: string): Page {
  const shell: string[] = [];
  const prose = text.replace(/^( *)```(\w*)\n([^]*?)^ *```$/gm, (_all, _indent, language, body) => {
    if (language === 'sh') shell.push(...String(body).replaceAll('\\\n', ' ').split('\n'));
    return '';
  });
  const code = [...prose.matchAll(/`([^`]+)`/g)].map(([, inside = '']) => inside);
  const headings = [...prose.matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', heading = '']) => ({
    level: marks.length,
    text: heading,
  }));
  const links = [...prose.replace(/`[^`]+`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, target = '']) => target,
  );
  return { file, text, headings, anchors: anchorsOf(headings), links, shell, code };
}

function anchorsOf(headings: Page['headings']): string[] {
  const times = new Map<string, number>();
  return headings.map(({ text }) => {
    const anchor = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = times.get(anchor) ?? 0;
    times.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}
