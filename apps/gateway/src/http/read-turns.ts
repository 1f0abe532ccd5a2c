import pLimit, { type Limit } from 'p-limit';

/** A page may be half a megabyte, several times while it is passed on. */
const READS_AT_ONCE = 2;

/** What one identity reads is read a little at a time: what waits is a request, not its answer. */
export class ReadTurns {
  private readonly limits = new Map<string, Limit>();

  async run<T>(identityId: string, read: () => Promise<T>): Promise<T> {
    const limit = this.limits.get(identityId) ?? pLimit(READS_AT_ONCE);
    this.limits.set(identityId, limit);
    try {
      return await limit(read);
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) this.limits.delete(identityId);
    }
  }

  /** Identities that read now. */
  get size(): number {
    return this.limits.size;
  }
}
