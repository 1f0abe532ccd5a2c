import { createHmac, randomBytes } from 'node:crypto';
import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Counter } from 'prom-client';
import { parseApiKey } from './api-keys';
import type { FailedAttempts } from './failed-attempts';
import type { Hasher } from './hasher';
import { countOutcome } from './metrics';

interface ApiKeyVerifierOptions {
  store: Pick<Client<typeof messagesCalls>, 'findAgentKey'>;
  hasher: Hasher;
  attempts: FailedAttempts;
  outcomes: Counter<'outcome'>;
}

interface KeyOwner {
  agent_id: string;
  key_id: string;
}

/** Keys that are remembered as verified; the one unused for longest makes room. */
const REMEMBERED = 10_000;

/**
 * Tells whose an API key is. A key that was verified once costs no bcrypt again, so that agents can reconnect all at
 * once. What is remembered is only which stored hash it matched: the store is asked every time, and a revoked or
 * replaced key is refused at once.
 */
export class ApiKeyVerifier {
  /** Keyed with a random key of this process: memory holds nothing that could be tried against guessed keys. */
  private readonly digestKey = randomBytes(32);
  private readonly verifiedHashes = new Map<string, string>();
  private readonly inProgress = new Map<string, Promise<KeyOwner>>();

  constructor(private readonly options: ApiKeyVerifierOptions) {}

  /** @throws AppError `unauthorized`, `rate_limited` or `unavailable` */
  verify(apiKey: string): Promise<KeyOwner> {
    return countOutcome(this.options.outcomes, () => this.once(apiKey));
  }

  /** The same key presented several times at once is one attempt. */
  private once(apiKey: string): Promise<KeyOwner> {
    const digest = createHmac('sha256', this.digestKey).update(apiKey).digest('base64url');
    const running = this.inProgress.get(digest);
    if (running) return running;
    const check = this.check(apiKey, digest).finally(() => this.inProgress.delete(digest));
    this.inProgress.set(digest, check);
    return check;
  }

  private async check(apiKey: string, digest: string): Promise<KeyOwner> {
    const { store, hasher, attempts } = this.options;
    const parsed = parseApiKey(apiKey);
    if (!parsed) throw new AppError('unauthorized', 'The API key is not valid');
    const { key } = await store.findAgentKey({ key_id: parsed.keyId });
    if (key && this.verifiedHashes.get(digest) === key.key_hash) {
      this.remember(digest, key.key_hash);
      return { agent_id: key.agent_id, key_id: parsed.keyId };
    }
    this.verifiedHashes.delete(digest);
    const { agent_id, key_hash } = await attempts.guard(parsed.keyId, async () =>
      (await hasher.matches(parsed.secret, key?.key_hash ?? null)) ? key : null,
    );
    this.remember(digest, key_hash);
    return { agent_id, key_id: parsed.keyId };
  }

  private remember(digest: string, keyHash: string): void {
    // A Map keeps the order of insertion: set again, the entry is the youngest.
    this.verifiedHashes.delete(digest);
    this.verifiedHashes.set(digest, keyHash);
    if (this.verifiedHashes.size <= REMEMBERED) return;
    const [oldest] = this.verifiedHashes.keys();
    if (oldest !== undefined) this.verifiedHashes.delete(oldest);
  }
}
