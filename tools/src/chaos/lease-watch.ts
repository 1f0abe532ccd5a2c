import { redisNames, type Lease } from '@agent-messenger/contracts';
import type { Recorder, Stack } from '@agent-messenger/testkit';
import { Redis } from 'ioredis';

const EVERY_MS = 300;

/** Records who holds the leases of identities, whenever that changes. */
export class LeaseWatch {
  private readonly redis: Redis;
  private readonly names;
  private readonly known = new Map<string, string>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    { redisUrl, redisPrefix }: Stack,
    private readonly identities: readonly string[],
    private readonly recorder: Recorder,
  ) {
    this.names = redisNames(redisPrefix);
    this.redis = new Redis(redisUrl, {
      enableOfflineQueue: false,
      retryStrategy: () => EVERY_MS,
    });
    // Redis comes and goes; a look that failed is made good by the next one.
    this.redis.on('error', () => undefined);
    this.timer = setInterval(() => void this.look().catch(() => undefined), EVERY_MS);
  }

  async look(): Promise<void> {
    const keys = this.identities.map(this.names.lease);
    const texts = await this.redis.mget(keys);
    texts.forEach((text, index) => {
      const identity = this.identities[index];
      if (identity === undefined || !text || this.known.get(identity) === text) return;
      this.known.set(identity, text);
      const { gateway, connection_id, epoch } = JSON.parse(text) as Lease;
      this.recorder.record({ type: 'lease', identity, gateway, connection_id, epoch });
    });
  }

  close(): void {
    clearInterval(this.timer);
    this.redis.disconnect();
  }
}
