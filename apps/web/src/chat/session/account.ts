import { signal } from '@preact/signals';
import {
  createRest,
  openBrowserStore,
  StoredTokens,
  type BrowserStore,
  type KeptTokens,
} from '@agent-messenger/sdk/browser';
import { gatewayAddress, placeName } from './place';

export interface Person {
  id: string;
  /** Unknown after a one-time link until the server has told it. */
  name: string | null;
}
interface SavedAccount {
  person: Person;
  /** Names this device at the next sign-in: failures elsewhere do not lock it out. */
  deviceToken?: string | undefined;
}

/** Who is signed in on this browser. */
export class Account {
  /** Undefined until the browser's store was read. */
  readonly person = signal<Person | null | undefined>(undefined);
  /** Of the sign-in that was just made; taken by the connection. */
  fresh: KeptTokens | null = null;
  #deviceToken: string | undefined;

  private constructor(readonly store: BrowserStore) {}

  static async open(): Promise<Account> {
    const account = new Account(await openBrowserStore(placeName()));
    const saved = await account.store.cache.get<SavedAccount>('account');
    account.#deviceToken = saved?.deviceToken;
    const isSignedIn = saved !== undefined && (await account.refreshToken()) !== null;
    account.person.value = isSignedIn ? saved.person : null;
    return account;
  }

  async signIn(username: string, password: string): Promise<void> {
    const device = this.#deviceToken === undefined ? {} : { device_token: this.#deviceToken };
    const body = { username, password, ...device };
    const tokens = await createRest(gatewayAddress()).request('login', { body });
    await this.#enter(tokens, username.trim().toLowerCase());
  }

  /** A new person, signed in. */
  async signUp(username: string, password: string): Promise<void> {
    await createRest(gatewayAddress()).request('register', { body: { username, password } });
    await this.signIn(username, password);
  }

  async followLink(code: string): Promise<void> {
    const tokens = await createRest(gatewayAddress()).request('loginByLink', { body: { code } });
    await this.#enter(tokens, null);
  }

  /** What this browser keeps of the person goes, except the name of the device. */
  async forget(): Promise<void> {
    this.person.value = null;
    this.fresh = null;
    await this.store.clear();
    const saved = { deviceToken: this.#deviceToken };
    await this.store.cache.set('account', saved);
  }

  async #enter(tokens: KeptTokens, name: string | null): Promise<void> {
    await this.store.clear();
    this.#deviceToken = tokens.device_token;
    const person = { id: tokens.user_id, name };
    const saved: SavedAccount = { person, deviceToken: this.#deviceToken };
    await this.store.cache.set('account', saved);
    // Before anything connects: a reload in between must not cost the sign-in.
    await new StoredTokens(this.store.storage).write(tokens);
    this.fresh = tokens;
    this.person.value = person;
  }

  /** As this browser keeps it; null when there is no login. */
  async refreshToken(): Promise<string | null> {
    const kept = await new StoredTokens(this.store.storage).read();
    return kept?.tokens.refresh_token ?? null;
  }
}
