import { escapeHtml } from '../http/docs-pages/html';
import type { Brand } from './brand/brand';

/** A page of the built app with the brand in it. All of it is in the markup: there is no script in the page to run. */
export function brandedPage(html: string, { name, logo, style }: Brand): string {
  const icon = logo && `<link rel="icon" href="./assets/${logo.name}" type="${logo.type}">`;
  const sheet = style && `<link rel="stylesheet" href="./assets/${style.name}">`;
  return html
    .replace(/(<title>)Agent Messenger/, (_, tag: string) => tag + escapeHtml(name))
    .replace(
      /(<meta name="application-name" content=")[^"]*/,
      (_, tag: string) => tag + escapeHtml(name),
    )
    .replace(/<link rel="icon"[^>]*>/, (link) => icon ?? link)
    .replace('</head>', (end) => (sheet ?? '') + end);
}

/** Tells in the markup whether people may register: the page offers what there is. */
export function withRegistration(html: string, isOpen: boolean): string {
  return html.replace(
    /(<meta name="registration" content=")[^"]*/,
    (_, tag: string) => tag + (isOpen ? 'open' : 'closed'),
  );
}

/** The manifest of the built app, by which a browser installs it, with the brand in it. */
export function brandedManifest(json: string, { name, color, logo }: Brand): string {
  const manifest = JSON.parse(json) as Record<string, unknown>;
  return JSON.stringify({
    ...manifest,
    ...(name !== manifest['name'] && { name, short_name: name }),
    ...(color !== undefined && { theme_color: color }),
    ...(logo && {
      icons: [{ src: `./assets/${logo.name}`, sizes: 'any', type: logo.type, purpose: 'any' }],
    }),
  });
}
