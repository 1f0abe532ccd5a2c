/** The beginning of a message as one line, without the marks of its markdown. */
export function plainText(content: string): string {
  return (
    content
      .slice(0, 400)
      .replace(/```[\w+#-]*\n?/g, ' ')
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/^\s{0,3}(?:#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
      .replace(/^\s*\|?(?:\s*:?-{2,}:?\s*\|?)+\s*$/gm, ' ')
      // Cells of tables.
      .replace(/^[ \t]*\|.*$/gm, (row) => row.replace(/^[ \t]*\|/, '').replaceAll('|', ' · '))
      .replace(/(\*\*|__|~~|`)/g, '')
      .replace(/(^|\s)\*(\S[^*\n]*)\*(?=$|[\s.,:;!?])/gm, '$1$2')
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/ ·$/, '')
      .slice(0, 160)
  );
}
