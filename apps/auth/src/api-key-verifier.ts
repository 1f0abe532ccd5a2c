import { createHmac, randomBytes } from 'node:crypto';
import type {
  authCalls,
  CallResponse,
  Client,
  messagesCalls,
  Origin,
} from '@agent-messenger/contracts';
import type { About, AuditLog } from '@agent-messenger/service-kit';
import { AppError, countedNetworks, upToEntries } from '@agent-messenger/service-kit';
import { LRUCache } from 'lru-cache';
import type { Counter } from 'prom-client';
import { parseApiKey } from './api-keys';
import type { FailedAttempts } from './failed-attempts';
import type { Hasher } from './hasher';
import { countOutcome } from './metrics';

interface ApiKeyVerifierOptions {
  store: Pick<Client<typeof messagesCalls>, 'findAgentKey'>;
  hasher: Hasher;
  attempts: FailedAttempts;
  /**
   * Failures with one key from one network before the one that locks; from the site of an IPv6 network 8 times as many.
   */
  free: number;
  audit: AuditLog;
  outcomes: Counter<'outcome'>;
}

type KeyOwner = CallResponse<typeof authCalls, 'verifyApiKey'>;

/** Keys that are remembered as verified; the one unused for longest makes room. */
const REMEMBERED = 10_000;

/**
 * Tells whose an API key is. A key that was verified once costs no bcrypt again, so that agents can reconnect all at
 * once. What is remembered is only which stored hash it matched: the store is asked every time, and a key that was
 * revoked or has run out is refused at once. A key id is public: an unknown one is refused without the work of a known.
 */
export class ApiKeyVerifier {
  /** Keyed with a random key of this process: memory holds nothing that could be tried against guessed keys. */
  private readonly digestKey = randomBytes(32);
  private readonly verifiedHashes = new LRUCache<string, string>(upToEntries(REMEMBERED));
  private readonly inProgress = new Map<string, Promise<KeyOwner>>();

  constructor(private readonly options: ApiKeyVerifierOptions) {}

  /** @throws AppError `unauthorized`, `rate_limited` or `unavailable` */
  verify(apiKey: string, by: Origin): Promise<KeyOwner> {
    const { outcomes, audit } = this.options;
    return countOutcome(outcomes, () =>
      audit.watch('agent.authenticate', by, (about) => this.once(apiKey, by.ip, about)),
    );
  }

  /** The same key presented several times at once is one attempt. */
  private once(apiKey: string, ip: string | null, about: About): Promise<KeyOwner> {
    const digest = createHmac('sha256', this.digestKey).update(apiKey).digest('base64url');
    const running = this.inProgress.get(digest);
    if (running) return running;
    const check = this.check(apiKey, digest, ip, about).finally(() =>
      this.inProgress.delete(digest),
    );
    this.inProgress.set(digest, check);
    return check;
  }

  private async check(
    apiKey: string,
    digest: string,
    ip: string | null,
    about: About,
  ): Promise<KeyOwner> {
    const { store, hasher, attempts, free } = this.options;
    const parsed = parseApiKey(apiKey);
    const key = parsed && (await store.findAgentKey({ key_id: parsed.keyId })).key;
    if (!key) throw new AppError('unauthorized', 'The API key is not valid');
    about.target = key.agent_id;
    if (key.expires_at !== null && Date.parse(key.expires_at) <= Date.now()) {
      throw new AppError('unauthorized', 'The API key has run out');
    }
    if (this.verifiedHashes.get(digest) !== key.key_hash) {
      const networks = countedNetworks(ip ?? '').map(({ name, factor }) => ({
        kind: 'key-network' as const,
        name: `${name} ${parsed.keyId}`,
        free: free * factor,
      }));
      await attempts.guard(networks, async () =>
        (await hasher.matches(parsed.secret, key.key_hash)) ? key : null,
      );
    }
    this.verifiedHashes.set(digest, key.key_hash);
    return { agent_id: key.agent_id, key_id: parsed.keyId, expires_at: key.expires_at };
  }
}
