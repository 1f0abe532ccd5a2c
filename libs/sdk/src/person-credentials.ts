import type { LoggedIn, Tokens } from '@agent-messenger/contracts';
import type { DeviceStorage } from './device-memory';
import { MessengerError } from './errors';
import type { Rest } from './rest';

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

/** A person's way to an access token: the refresh token, which changes with each use, else the password. */
export class PersonTokens {
  #refreshToken: string | null;
  #deviceToken: string | undefined;
  #password: string | undefined;

  constructor(
    private readonly credentials: PersonCredentials,
    private readonly storage?: DeviceStorage,
  ) {
    this.#refreshToken = credentials.tokens?.refresh_token ?? null;
    this.#deviceToken = credentials.tokens?.device_token;
    this.#password = credentials.password;
  }

  get refreshToken(): string | null {
    return this.#refreshToken;
  }

  async fetch(rest: Rest): Promise<Tokens> {
    const { username } = this.credentials;
    const password = this.#password;
    const canLogIn = username !== undefined && password !== undefined;
    if (this.#refreshToken !== null) {
      try {
        const body = { refresh_token: this.#refreshToken };
        return this.#keep(await rest.request('refresh', { body }));
      } catch (error) {
        const refused = error instanceof MessengerError && error.code === 'unauthorized';
        // The answer to an earlier refresh may have been lost, and with it the token that counts.
        if (!refused || !canLogIn) throw error;
        this.#refreshToken = null;
      }
    }
    if (!canLogIn) throw new MessengerError('unauthorized', 'no credentials');
    return this.#logIn(rest, username, password);
  }

  /** The login that may be needed later is one with the new password. */
  passwordChanged(password: string): void {
    if (this.#password !== undefined) this.#password = password;
  }

  async #logIn(rest: Rest, username: string, password: string): Promise<Tokens> {
    const device_token = await this.#knownDevice();
    const device = device_token === undefined ? {} : { device_token };
    const tokens = await rest.request('login', { body: { username, password, ...device } });
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

  #keep(tokens: Tokens): Tokens {
    this.#refreshToken = tokens.refresh_token;
    const device = this.#deviceToken === undefined ? {} : { device_token: this.#deviceToken };
    this.credentials.onTokens?.({ ...tokens, ...device });
    return tokens;
  }
}
