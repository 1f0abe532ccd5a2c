export interface AccessToken {
  access_token: string;
  /** Seconds. */
  expires_in: number;
}

/** Renewed with this much of its life left, at most: enough for some tries before it expires. */
const MARGIN_MS = 60_000;

/**
 * A token is fetched once for all who wait for it, and kept until shortly before it expires. By the wall clock, which
 * goes on while a machine is suspended; where it was set back, a refusal tells that the token has expired.
 */
export class TokenSource {
  #token: string | null = null;
  #renewAt = 0;
  #fetching: Promise<string> | null = null;

  constructor(
    private readonly fetchToken: () => Promise<AccessToken>,
    private readonly now: () => number = Date.now,
  ) {}

  /** The kept token; null when there is none or it is about to expire. */
  get kept(): string | null {
    return this.now() < this.#renewAt ? this.#token : null;
  }

  get renewInMs(): number {
    return Math.max(0, this.#renewAt - this.now());
  }

  async current(): Promise<string> {
    return this.kept ?? this.renew();
  }

  renew(): Promise<string> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /** Forgets a token that was refused; a newer one stays. */
  discard(token: string): void {
    if (this.#token === token) this.#token = null;
  }

  keep({ access_token, expires_in }: AccessToken): string {
    const lifeMs = expires_in * 1_000;
    this.#token = access_token;
    this.#renewAt = this.now() + lifeMs - Math.min(MARGIN_MS, lifeMs / 4);
    return access_token;
  }

  async #fetch(): Promise<string> {
    return this.keep(await this.fetchToken());
  }
}
