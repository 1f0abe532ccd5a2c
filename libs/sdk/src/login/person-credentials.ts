import type { LoggedIn, Tokens } from '@agent-messenger/contracts';
import type { DeviceStorage } from '../device/device-memory';
import { MessengerError } from '../errors';
import type { Rest } from '../rest';
import { StoredTokens, type StoredPair } from './stored-tokens';

/** With what names this device to the server, once it has logged in with the password. */
export type KeptTokens = Tokens & Partial<Pick<LoggedIn, 'device_token'>>;

export interface PersonCredentials {
  username?: string;
  password?: string;
  /** Of an earlier login. */
  tokens?: KeptTokens;
  /** Called with every new pair: a refresh token can be used once, so the newest is the one to keep. */
  onTokens?: (tokens: KeptTokens) => void;
}

const DEVICE_KEY = 'agent-messenger:device';

/** Another tab's access token is used when it has this long to live: else it is renewed at once. */
const WORTH_USING_MS = 5_000;

/**
 * A person's way to an access token: the refresh token, which changes with each use, else the password. Tabs of one
 * browser share a session through their storage: whoever refreshes reads first what another one has left there.
 */
export class PersonTokens {
  readonly #stored: StoredTokens;
  #refreshToken: string | null;
  #userId: string | null;
  #deviceToken: string | undefined;
  #password: string | undefined;
  #isReplaced = false;

  constructor(
    private readonly credentials: PersonCredentials,
    private readonly storage?: DeviceStorage,
  ) {
    this.#stored = new StoredTokens(storage);
    this.#refreshToken = credentials.tokens?.refresh_token ?? null;
    this.#userId = credentials.tokens?.user_id ?? null;
    this.#deviceToken = credentials.tokens?.device_token;
    this.#password = credentials.password;
  }

  /** Tokens that were given are kept like fetched ones, unless the storage has some: those may be newer. */
  async keepGiven(): Promise<void> {
    const { tokens } = this.credentials;
    if (!tokens) return;
    await this.#stored.alone(async () => {
      if (!(await this.#stored.read())) await this.#stored.write(tokens);
    });
  }

  /**
   * What took over may have renewed the same login, and to show its used refresh token would end it: without a storage
   * to look into this one renews nothing any more. With a password it logs in anew, else `fetch` rejects with
   * `replaced`.
   */
  replaced(): void {
    this.#isReplaced = true;
  }

  fetch(rest: Rest): Promise<Tokens> {
    return this.#stored.alone(() => this.#fetch(rest));
  }

  /** Ends the login: the newest refresh token, which another tab may hold. */
  async logOut(rest: Rest, everywhere: boolean): Promise<void> {
    const refresh_token = (await this.#ownPair())?.tokens.refresh_token ?? this.#refreshToken;
    if (refresh_token === null) return;
    await rest.request('logout', { body: { refresh_token, everywhere } });
    await this.#stored.forget();
  }

  /** The login that may be needed later is one with the new password. */
  passwordChanged(password: string): void {
    if (this.#password !== undefined) this.#password = password;
  }

  async #fetch(rest: Rest): Promise<Tokens> {
    if (this.#isReplaced && !this.storage) {
      if (!this.#login) throw new MessengerError('replaced', 'a newer connection has this login');
      this.#isReplaced = false;
      return this.#logIn(rest);
    }
    const pair = await this.#ownPair();
    if (pair && pair.tokens.refresh_token !== this.#refreshToken) {
      const leftMs = pair.expiresAt - Date.now();
      if (leftMs > WORTH_USING_MS) {
        return this.#take({ ...pair.tokens, expires_in: Math.floor(leftMs / 1_000) });
      }
    }
    const own = this.#refreshToken;
    const known = [...new Set([pair?.tokens.refresh_token ?? own, own])];
    for (const refresh_token of known) {
      if (refresh_token === null) continue;
      try {
        return await this.#keep(await rest.request('refresh', { body: { refresh_token } }));
      } catch (error) {
        const refused = error instanceof MessengerError && error.code === 'unauthorized';
        // Another one may be of a newer login; and the answer to an earlier refresh may have been lost.
        const isLast = refresh_token === known.at(-1) && this.#login === null;
        if (!refused || isLast) throw error;
      }
    }
    this.#refreshToken = null;
    return this.#logIn(rest);
  }

  /** What this device keeps of the same person; with a password, not before that was used. */
  async #ownPair(): Promise<StoredPair | null> {
    const pair = await this.#stored.read();
    const isOwn =
      this.#userId === null ? this.#login === null : pair?.tokens.user_id === this.#userId;
    return isOwn ? pair : null;
  }

  get #login(): { username: string; password: string } | null {
    const { username } = this.credentials;
    const password = this.#password;
    return username === undefined || password === undefined ? null : { username, password };
  }

  async #logIn(rest: Rest): Promise<Tokens> {
    const login = this.#login;
    if (!login) throw new MessengerError('unauthorized', 'no credentials');
    const device_token = await this.#knownDevice();
    const device = device_token === undefined ? {} : { device_token };
    const tokens = await rest.request('login', { body: { ...login, ...device } });
    this.#deviceToken = tokens.device_token;
    // Without it the device is merely unknown at the next login.
    await this.storage?.set(DEVICE_KEY, tokens.device_token).catch(() => undefined);
    return this.#keep(tokens);
  }

  /** A device that cannot read what it kept logs in as an unknown one. */
  async #knownDevice(): Promise<string | undefined> {
    if (this.#deviceToken !== undefined) return this.#deviceToken;
    const kept = await this.storage?.get(DEVICE_KEY).catch(() => null);
    return kept || undefined;
  }

  async #keep(tokens: Tokens): Promise<Tokens> {
    const device = this.#deviceToken === undefined ? {} : { device_token: this.#deviceToken };
    const kept = { ...tokens, ...device };
    await this.#stored.write(kept);
    return this.#take(kept);
  }

  #take(tokens: KeptTokens): KeptTokens {
    this.#refreshToken = tokens.refresh_token;
    this.#userId = tokens.user_id;
    this.credentials.onTokens?.(tokens);
    return tokens;
  }
}
