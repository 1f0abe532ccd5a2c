import { createHmac, randomBytes } from 'node:crypto';
import { upToEntries } from '@agent-messenger/service-kit';
import { LRUCache } from 'lru-cache';

const MOST = 10_000;
const TTL_MS = 24 * 60 * 60_000;

/**
 * API keys that were right when they were shown last. It lets nobody in: who shows one is not taken for somebody who
 * guesses, however many others at the same address do. Digests with a key of this process: nothing to be tried out.
 */
export class RightKeys {
  private readonly digestKey = randomBytes(32);
  private readonly digests = new LRUCache<string, true>({ ...upToEntries(MOST), ttl: TTL_MS });

  add(apiKey: string): void {
    this.digests.set(this.digestOf(apiKey), true);
  }

  delete(apiKey: string): void {
    this.digests.delete(this.digestOf(apiKey));
  }

  has(apiKey: string): boolean {
    return this.digests.has(this.digestOf(apiKey));
  }

  private digestOf(apiKey: string): string {
    return createHmac('sha256', this.digestKey).update(apiKey).digest('base64url');
  }
}
