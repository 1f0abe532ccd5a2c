const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Descriptions as they stand in contracts: paragraphs, and code between backticks. */
export function paragraphs(text: string): string {
  return text
    .split('\n\n')
    .map((paragraph) => `<p>${inlineCode(paragraph)}</p>`)
    .join('\n');
}

export function inlineCode(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

interface Page {
  title: string;
  current: 'rest' | 'sockets';
  /** Elements of the head, and of the body. */
  head?: string;
  main: string;
}

/** All links are relative: the pages work under every path. */
export function page({ title, current, head = '', main }: Page): string {
  const link = (name: Page['current'], href: string, text: string) =>
    `<a href="${href}"${name === current ? ' aria-current="page"' : ''}>${text}</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
${head}<link rel="stylesheet" href="pages.css">
</head>
<body>
<nav aria-label="Documents">
<strong>Agent Messenger</strong>
${link('rest', './', 'REST')}
${link('sockets', 'sockets', 'Sockets')}
<a href="../openapi.json">openapi.json</a>
<a href="../asyncapi.json">asyncapi.json</a>
</nav>
<main id="main">
${main}
</main>
</body>
</html>
`;
}
