import { setTimeout } from 'node:timers/promises';
import type { authCalls, Client } from '@agent-messenger/contracts';
import type { AccessTokenKey } from '@agent-messenger/service-kit';
import { es256KeyOfJwk, findAmong } from '@agent-messenger/service-kit';

/**
 * Age at which the keys are asked for again while they go on being used: the longest life of one that was withdrawn.
 */
const FRESH_MS = 300_000;
/** Between two requests to auth, whatever keys callers name. */
const INTERVAL_MS = 1_000;

interface JwksCacheOptions {
  jwks: Client<typeof authCalls>['jwks'];
  /** ms, monotonic. */
  now?: () => number;
}

/** The public keys of access tokens, as auth publishes them. While auth is away, those that were known go on. */
export class JwksCache {
  private known: (kid: string) => AccessTokenKey | undefined = findAmong([]);
  private askedAt = -Infinity;
  private answeredAt = -Infinity;
  private asking: Promise<void> | undefined;
  private isAway = false;

  constructor(private readonly options: JwksCacheOptions) {}

  /**
   * An unknown key may be a new one: auth is asked before it is refused.
   * @throws AppError `unavailable` when it does not answer
   */
  async find(kid: string): Promise<AccessTokenKey | undefined> {
    const key = this.known(kid);
    if (!key) {
      await this.refresh();
      return this.known(kid);
    }
    if (this.now() - this.answeredAt <= FRESH_MS) return key;
    const refreshed = this.refresh().catch(() => undefined);
    // Only the first of an outage waits to find out that there is one.
    if (!this.isAway) await refreshed;
    return this.known(kid);
  }

  /** One request for all who wait; those that come too early after the last one wait for the next. */
  private refresh(): Promise<void> {
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(): Promise<void> {
    const early = this.askedAt + INTERVAL_MS - this.now();
    if (early > 0) await setTimeout(early, undefined, { ref: false });
    this.askedAt = this.now();
    const { keys } = await this.options.jwks({}).catch((error: unknown) => {
      this.isAway = true;
      throw error;
    });
    this.isAway = false;
    this.known = findAmong(keys.map(es256KeyOfJwk));
    this.answeredAt = this.now();
  }

  private now(): number {
    return this.options.now?.() ?? performance.now();
  }
}
