import { AppError } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';

export interface AuthMetrics {
  /** Logins of people by outcome: `ok` or the error code. */
  logins: Counter<'outcome'>;
  /** API keys presented by outcome: `ok` or the error code. */
  apiKeys: Counter<'outcome'>;
  /** Time on a core, without the wait for it. */
  bcryptSeconds: Histogram<'operation'>;
}

export function createMetrics(registry: Registry): AuthMetrics {
  const registers = [registry];
  return {
    logins: new Counter({
      name: 'auth_logins_total',
      help: 'Logins of people by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    apiKeys: new Counter({
      name: 'auth_api_keys_total',
      help: 'API keys presented by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    bcryptSeconds: new Histogram({
      name: 'auth_bcrypt_seconds',
      help: 'Time of one bcrypt computation in seconds',
      labelNames: ['operation'],
      buckets: [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2],
      registers,
    }),
  };
}

/** Counts how the work ended, and passes on its result or error. */
export async function countOutcome<T>(
  counter: Counter<'outcome'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const result = await work();
    counter.inc({ outcome: 'ok' });
    return result;
  } catch (error) {
    counter.inc({ outcome: error instanceof AppError ? error.code : 'internal' });
    throw error;
  }
}
