/** A word that fits on no line. */
export const LONG = 'A-word-that-is-longer-than-any-phone-is-wide-'.repeat(4);
/** All that an answer may consist of, each part with that word. */
export const ANSWER = [
  '# A heading',
  `${LONG} **bold** [a link](https://example.org/${LONG})`,
  `| ${LONG} | b |\n|---|---:|\n| c | 1 |`,
  `\`\`\`ts\nexport const answer: string = '${LONG}';\n\`\`\``,
  '- [x] done\n- [ ] open',
  '> quoted',
].join('\n\n');
