/** Where this page was served from is where its gateway is: behind a base path, too. Without a slash at its end. */
export function gatewayAddress(): string {
  return new URL('.', document.baseURI).href.replace(/\/+$/, '');
}

/** Of databases, locks and channels: one for each gateway of an origin. */
export function placeName(): string {
  return `agent-messenger:${new URL(gatewayAddress()).pathname}`;
}

/** The code of a one-time link leaves the address, where no server and no log sees it, when it is about to be used. */
export function clearLinkCode(): void {
  if (linkCodeOf(location.hash) === null) return;
  history.replaceState(null, '', location.pathname + location.search);
}

/** It is in the fragment. */
export function linkCodeOf(fragment: string): string | null {
  const code = /^#link=(.+)$/.exec(fragment)?.[1];
  if (code === undefined) return null;
  try {
    return decodeURIComponent(code);
  } catch {
    // Of a link that was cut off: the server says that it is no good.
    return code;
  }
}
