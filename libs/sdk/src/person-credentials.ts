import type { Tokens } from '@agent-messenger/contracts';
import { MessengerError } from './errors';
import type { Rest } from './rest';

export interface PersonCredentials {
  username?: string;
  password?: string;
  /** Of an earlier login. */
  tokens?: Tokens;
  /** Called with every new pair: a refresh token can be used once, so the newest is the one to keep. */
  onTokens?: (tokens: Tokens) => void;
}

/** A person's way to an access token: the refresh token, which changes with each use, else the password. */
export class PersonTokens {
  #refreshToken: string | null;

  constructor(private readonly credentials: PersonCredentials) {
    this.#refreshToken = credentials.tokens?.refresh_token ?? null;
  }

  get refreshToken(): string | null {
    return this.#refreshToken;
  }

  async fetch(rest: Rest): Promise<Tokens> {
    const { username, password } = this.credentials;
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
    return this.#keep(await rest.request('login', { body: { username, password } }));
  }

  #keep(tokens: Tokens): Tokens {
    this.#refreshToken = tokens.refresh_token;
    this.credentials.onTokens?.(tokens);
    return tokens;
  }
}
