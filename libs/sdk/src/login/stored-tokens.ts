import type { KeptTokens } from './person-credentials';
import type { DeviceStorage } from '../device/device-memory';
import { withLock } from '../host';

export const TOKENS_KEY = 'agent-messenger:tokens';

export interface StoredPair {
  tokens: KeptTokens;
  /** Unix milliseconds. */
  expiresAt: number;
}

/** The newest tokens of this device, which all tabs of a browser share. */
export class StoredTokens {
  constructor(private readonly storage: DeviceStorage | undefined) {}

  /** Null for a device that keeps nothing, or nothing that can be read. */
  async read(): Promise<StoredPair | null> {
    try {
      const pair = JSON.parse((await this.storage?.get(TOKENS_KEY)) ?? 'null') as StoredPair | null;
      return typeof pair?.tokens?.refresh_token === 'string' ? pair : null;
    } catch {
      return null;
    }
  }

  async write(tokens: KeptTokens): Promise<void> {
    const expiresAt = Date.now() + tokens.expires_in * 1_000;
    // A device that cannot keep them asks for the password at its next start.
    await this.storage
      ?.set(TOKENS_KEY, JSON.stringify({ tokens, expiresAt }))
      .catch(() => undefined);
  }

  async forget(): Promise<void> {
    await this.storage?.set(TOKENS_KEY, '').catch(() => undefined);
  }

  /** A refresh token can be used once: one tab at a time reads and uses it, where the runtime has locks for that. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.storage ? withLock(TOKENS_KEY, work) : work();
  }
}
