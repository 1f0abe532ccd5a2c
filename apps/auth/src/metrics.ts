import { AppError, beginAtZero } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';

export interface AuthMetrics {
  /** Logins of people by outcome: `ok` or the error code. */
  logins: Counter<'outcome'>;
  /** API keys presented by outcome: `ok` or the error code. */
  apiKeys: Counter<'outcome'>;
  bcrypt: BcryptMetrics;
  /** Refusals that are missing in the audit log. */
  auditDropped: Counter;
}

export interface BcryptMetrics {
  /** Time on a core, without the wait for it. */
  seconds: Histogram<'operation'>;
  /** 2 to the power of the cost, of each computation. */
  rounds: Counter<'operation'>;
  waitSeconds: Histogram;
  waiting: Gauge;
  refused: Counter;
}

export function createMetrics(registry: Registry): AuthMetrics {
  const registers = [registry];
  return {
    logins: beginAtZero(
      new Counter({
        name: 'auth_logins_total',
        help: 'Logins of people by outcome',
        labelNames: ['outcome'],
        registers,
      }),
      'outcome',
      ['ok', 'unauthorized', 'rate_limited', 'unavailable'],
    ),
    apiKeys: new Counter({
      name: 'auth_api_keys_total',
      help: 'API keys presented by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    bcrypt: bcryptMetrics(registry),
    auditDropped: new Counter({
      name: 'auth_audit_dropped_total',
      help: 'Refusals that are missing in the audit log because too many came at once',
      registers,
    }),
  };
}

export function bcryptMetrics(registry: Registry): BcryptMetrics {
  const registers = [registry];
  const buckets = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2];
  return {
    seconds: new Histogram({
      name: 'auth_bcrypt_seconds',
      help: 'Time of one bcrypt computation in seconds, without the wait for it',
      labelNames: ['operation'],
      buckets,
      registers,
    }),
    rounds: new Counter({
      name: 'auth_bcrypt_rounds_total',
      help: 'Rounds of bcrypt, which double with each step of its cost',
      labelNames: ['operation'],
      registers,
    }),
    waitSeconds: new Histogram({
      name: 'auth_bcrypt_wait_seconds',
      help: 'How long a bcrypt computation waited for its turn in seconds',
      buckets: [0.01, ...buckets, 6.4],
      registers,
    }),
    waiting: new Gauge({
      name: 'auth_bcrypt_waiting',
      help: 'bcrypt computations that wait for their turn, of at most BCRYPT_QUEUE',
      registers,
    }),
    refused: new Counter({
      name: 'auth_bcrypt_refused_total',
      help: 'bcrypt computations that were refused because too many waited',
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
