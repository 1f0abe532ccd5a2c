/** The gateways that a client may use. One is current; whoever finds it unreachable moves on to the next. */
export class Endpoints {
  readonly #urls: string[];
  #index = 0;

  /** @throws TypeError for what is no address of a gateway, before anything is sent there */
  constructor(url: string | readonly string[]) {
    const urls = typeof url === 'string' ? [url] : url;
    if (urls.length === 0) throw new TypeError('url: at least one gateway is needed');
    this.#urls = urls.map((each) => gatewayUrl(each));
  }

  get count(): number {
    return this.#urls.length;
  }

  /** As `gatewayUrl` gives it. */
  get current(): string {
    return this.#urls[this.#index] as string;
  }

  rotate(): void {
    this.#index = (this.#index + 1) % this.#urls.length;
  }
}

/**
 * The address of a gateway without a slash at its end. A path is that below which the gateway is served: everything
 * is asked for there, and nothing is sent to the rest of the site.
 * @throws TypeError unless it is http(s) without user, query and fragment
 */
export function gatewayUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      `url: a gateway has one like https://example.org or https://example.org/chat, not "${text}"`,
    );
  }
  // Not shown: it may be a password.
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('url: user and password do not belong into the address of a gateway');
  }
  if (url.search !== '' || url.hash !== '') {
    throw new TypeError(`url: the address of a gateway has no query and no fragment: "${text}"`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}
