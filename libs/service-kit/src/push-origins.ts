/**
 * The entry of `allowed` that lets pushes be sent to this endpoint of Web Push; undefined when none does.
 * @param allowed `https://host[:port]` each; a host may begin with `*.`
 */
export function allowingPushOrigin(url: URL, allowed: readonly string[]): string | undefined {
  return allowed.find((origin) => matches(url, origin));
}

function matches({ origin, hostname, port }: URL, allowed: string): boolean {
  if (!allowed.startsWith('https://*.')) return origin === allowed;
  // web-push reads the URL with url.parse, for which a host ends at a quote, a semicolon or a brace: it would connect
  // to 127.0.0.1 for https://127.0.0.1'.allowed.example/.
  if (port !== '' || !/^[a-z0-9.-]+$/.test(hostname)) return false;
  return hostname.endsWith(allowed.slice('https://*'.length));
}
