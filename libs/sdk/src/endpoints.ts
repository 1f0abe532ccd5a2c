/** The gateways that a client may use. One is current; whoever finds it unreachable moves on to the next. */
export class Endpoints {
  readonly #origins: string[];
  #index = 0;

  constructor(url: string | readonly string[]) {
    const urls = typeof url === 'string' ? [url] : url;
    if (urls.length === 0) throw new TypeError('url: at least one gateway is needed');
    this.#origins = urls.map((each) => new URL(each).origin);
  }

  get count(): number {
    return this.#origins.length;
  }

  get current(): string {
    return this.#origins[this.#index] as string;
  }

  rotate(): void {
    this.#index = (this.#index + 1) % this.#origins.length;
  }
}
