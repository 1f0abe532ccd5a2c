import type { Random } from './random';

export const FAULTS = [
  'kill-gateway',
  'kill-messages',
  'restart-redis',
  'pause-gateway',
  'partition',
  'slow-reader',
  'deploy',
  'take-over',
  'kill-agents',
] as const;
/** What there is besides where the store is PostgreSQL. */
export const POSTGRES_FAULTS = ['kill-postgres', 'failover'] as const;
/** Where there is a build of another version. */
export const UPGRADE_FAULTS = ['upgrade'] as const;
export type FaultName =
  (typeof FAULTS)[number] | (typeof POSTGRES_FAULTS)[number] | (typeof UPGRADE_FAULTS)[number];

/** What is done to the system; times in ms. `gateway` is a rank by connections: 0 has the most. `pair` is an index. */
export type Fault =
  | { name: 'kill-gateway'; gateway: number }
  | { name: 'kill-messages'; replica: number }
  | { name: 'kill-postgres'; downMs: number }
  | { name: 'failover' }
  | { name: 'restart-redis'; empty: boolean; downMs: number }
  | { name: 'pause-gateway'; gateway: number; forMs: number }
  | {
      name: 'partition';
      gateway: number;
      from: 'redis' | 'messages';
      manner: 'cut' | 'half-open' | 'latency';
      forMs: number;
    }
  | { name: 'slow-reader'; forMs: number }
  | { name: 'deploy' }
  /** All services, one after the other; the run begins with the old ones. */
  | { name: 'upgrade'; to: 'new' | 'old' }
  | { name: 'take-over'; pair: number; forMs: number }
  /** Of `KILLED_AGENTS` pairs from this one on: one of them is in Python. */
  | { name: 'kill-agents'; pair: number };

export const KILLED_AGENTS = 3;

export interface Step {
  /** After the recovery from the one before. */
  afterMs: number;
  /** Each of the chosen faults happens once a round. */
  round: number;
  fault: Fault;
  /** A second one that begins so long after the first, which is not healed by then. */
  meanwhile?: { afterMs: number; fault: Fault };
}

export interface ScheduleOptions {
  random: Random;
  faults: readonly FaultName[];
  gateways: number;
  /** Of messages. */
  replicas: number;
  pairs: number;
  leaseTtlMs: number;
  /** How long a gateway bears a reader that takes nothing. */
  slowConsumerMs: number;
}

/** A third of the steps have two faults: 0 to this many come alone for one that does not. */
const ALONE = 2;
/** Shorter than any fault but the shortest of those whose length is drawn. */
const MEANWHILE_MS = 400;

/** Faults for ever, in rounds; variants of a fault take turns. The same seed gives the same faults. */
export function* schedule(options: ScheduleOptions): Generator<Step, never> {
  const { random, faults, gateways, replicas, pairs, leaseTtlMs, slowConsumerMs } = options;
  const partitions = random.shuffled(
    (['redis', 'messages'] as const).flatMap((from) =>
      (['cut', 'half-open', 'latency'] as const).map((manner) => ({ from, manner })),
    ),
  );
  const emptyFirst = random.whole(0, 1);
  // Not the emptiest: after a fault it often has no connection left that could notice the next one.
  const gateway = () => random.whole(0, Math.max(0, gateways - 2));

  function plan(name: FaultName, round: number): Fault {
    switch (name) {
      case 'kill-gateway':
        return { name, gateway: gateway() };
      case 'kill-messages':
        return { name, replica: replicas === 1 ? 0 : random.whole(0, replicas - 1) };
      case 'kill-postgres':
        return { name, downMs: random.whole(0, 2_500) };
      case 'failover':
      case 'deploy':
        return { name };
      case 'upgrade':
        return { name, to: round % 2 === 0 ? 'new' : 'old' };
      case 'restart-redis':
        return { name, empty: (round + emptyFirst) % 2 === 0, downMs: random.whole(0, 2_500) };
      case 'pause-gateway':
        // Past the lease: when it wakes up it must not go on where it stopped.
        return {
          name,
          gateway: gateway(),
          forMs: leaseTtlMs + random.whole(500, 5_000),
        };
      case 'partition': {
        const variant = partitions[round % partitions.length] ?? { from: 'redis', manner: 'cut' };
        // Sometimes shorter than a lease, sometimes longer.
        return {
          name,
          gateway: gateway(),
          ...variant,
          forMs: random.whole(1_000, leaseTtlMs * 1.5),
        };
      }
      case 'slow-reader':
        return { name, forMs: random.whole(slowConsumerMs / 2, slowConsumerMs * 2) };
      case 'take-over':
        return { name, pair: random.whole(0, pairs - 1), forMs: random.whole(500, 3_000) };
      case 'kill-agents':
        return { name, pair: random.whole(0, pairs - 1) };
    }
  }

  for (let round = 0; ; round += 1) {
    const names = random.shuffled(faults)[Symbol.iterator]();
    for (const name of names) {
      const step = { afterMs: random.whole(200, 1_500), round, fault: plan(name, round) };
      const other = random.whole(0, ALONE) === 0 ? names.next().value : undefined;
      if (other === undefined) yield step;
      else {
        const afterMs = random.whole(0, MEANWHILE_MS);
        yield { ...step, meanwhile: { afterMs, fault: plan(other, round) } };
      }
    }
  }
}

export function describeFault({ name, ...details }: Fault): string {
  return [name, ...Object.entries(details).map(([key, value]) => `${key}=${value}`)].join(' ');
}
