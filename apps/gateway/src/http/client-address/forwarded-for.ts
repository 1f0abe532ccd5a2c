import type { IncomingMessage } from 'node:http';

/** The header in which proxies name the client, and each the one before it. */
export type AddressHeader = 'x-forwarded-for' | 'forwarded';

/** `for=…` of one element of RFC 7239, its value a token or a quoted string. */
const FOR = /(?:^|;)\s*for\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))\s*(?=;|$)/i;

/** What the header says, as it was written: the client first, and the last proxy but one at the end. */
export function forwardedFor({ headers }: IncomingMessage, header: AddressHeader): string[] {
  const value = headers[header];
  // Node.js joins several header lines in their order.
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  if (text.trim() === '') return [];
  if (header === 'x-forwarded-for') return text.split(',').map((part) => part.trim());
  return elementsOf(text).map((element) => {
    const [, quoted, token] = FOR.exec(element) ?? [];
    return quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
  });
}

/** At commas, but for those in quoted strings. */
function elementsOf(text: string): string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"]|")+/g)?.map((element) => element.trim()) ?? [];
}
