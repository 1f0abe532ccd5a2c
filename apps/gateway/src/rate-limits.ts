import type { Actor, IdentityKind } from '@agent-messenger/contracts';
import { AppError, networkOf } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Counter } from 'prom-client';
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { GatewayConfig } from './config';
import type { ConversationCounts } from './conversation-counts';

const MINUTE_S = 60;
/** Addresses whose network is remembered: parsing one takes longer than counting it. */
const ADDRESSES = 20_000;
/** What one request costs of a budget that is shared; of it, those pay a part whose own budget is larger. */
const COST = 1_000_000;
/** Of IPv6 with a zone. What is longer is no address. */
const ADDRESS_CHARS = 64;

/** What is left of a budget after a request was counted. */
export interface Budget {
  limit: number;
  remaining: number;
  isExceeded: boolean;
  /** Until the budget is whole again, ms. */
  resetMs: number;
}

/** @throws AppError `rate_limited` with when to come back, when one of the budgets is exceeded */
export function enforce(budgets: readonly Budget[]): void {
  const exceeded = budgets.filter(({ isExceeded }) => isExceeded);
  if (exceeded.length === 0) return;
  throw new AppError('rate_limited', 'Too many requests', {
    retryAfterMs: Math.max(...exceeded.map(({ resetMs }) => resetMs)),
  });
}

interface RateLimitParts {
  /** Counts, and refuses nothing: how much is too much may differ from key to key. */
  limiter: RateLimiterAbstract;
  /** Requests in a window of time. */
  points: number;
  /** What is counted together. */
  keyOf: (subject: string) => string;
  onExceeded: () => void;
}

/** So many requests of each subject, an identity or an address, in a window of time. */
export class RateLimit {
  constructor(private readonly parts: RateLimitParts) {}

  /** Counts one. @param factor how many times the budget is this subject's */
  async count(subject: string, factor = 1): Promise<Budget> {
    const { limiter, points, keyOf, onExceeded } = this.parts;
    const counted = await limiter.consume(keyOf(subject));
    const budget = budgetOf(counted, Math.floor(points * factor));
    if (budget.isExceeded) onExceeded();
    return budget;
  }

  /**
   * Counts one of somebody whose own budget is `factor` times the usual one: it takes as much of what is shared as it
   * takes of its own, so that who may do much leaves as much to others as who may do little.
   */
  async countShare(subject: string, factor: number): Promise<Budget> {
    const { limiter, points, keyOf, onExceeded } = this.parts;
    // Rounded in favour of the sender.
    const cost = Math.max(Math.floor(COST / factor), 1);
    const counted = await limiter.consume(keyOf(subject), cost);
    const budget = budgetOf(counted, points * COST, cost);
    if (budget.isExceeded) onExceeded();
    return budget;
  }

  /** Counts one. @throws AppError `rate_limited` */
  async take(subject: string): Promise<void> {
    enforce([await this.count(subject)]);
  }

  /** Counts nothing. @throws AppError `rate_limited` when nothing is left */
  async check(subject: string): Promise<void> {
    const { limiter, points, keyOf, onExceeded } = this.parts;
    const counted = await limiter.get(keyOf(subject));
    if (!counted || counted.msBeforeNext <= 0 || counted.consumedPoints < points) return;
    onExceeded();
    enforce([{ ...budgetOf(counted, points), isExceeded: true }]);
  }
}

/** In requests of which each costs so many points. */
function budgetOf(
  { consumedPoints, msBeforeNext }: RateLimiterRes,
  points: number,
  cost = 1,
): Budget {
  return {
    limit: Math.floor(points / cost),
    remaining: Math.max(Math.floor((points - consumedPoints) / cost), 0),
    isExceeded: consumedPoints > points,
    resetMs: msBeforeNext,
  };
}

/** What the requests of an identity are counted as. */
export type BudgetName = 'sends' | 'reads' | 'receipts' | 'signals';

/** The budgets of identities on one way in: sockets or REST. */
export class IdentityLimits {
  constructor(
    private readonly limits: Record<BudgetName, RateLimit>,
    /** People are not held up by an agent that works at the same address. */
    private readonly sendsOfIp: Record<IdentityKind, RateLimit>,
    /** How many times each budget is the identity's. */
    private readonly factorOf: (identity: Actor) => number,
  ) {}

  /** Counts one request. Takes the same number of turns whatever is counted, so that requests stay in order. */
  count(name: BudgetName, identity: Actor, ip: string): Promise<Budget[]> {
    const factor = this.factorOf(identity);
    const counted = [this.limits[name].count(identity.id, factor)];
    if (name === 'sends') {
      counted.push(this.sendsOfIp[identity.kind].countShare(ip, factor));
    }
    return Promise.all(counted);
  }
}

export interface RateLimits {
  /** In memory: one connection an identity, and no Redis call in a message's way. */
  sockets: IdentityLimits;
  rest: IdentityLimits;
  /** Of one connection: what it asked for beyond its budgets. */
  refusals: RateLimit;
  /** Of one identity: two devices that fight for the connection, or a peer that never reads `replaced`. */
  takeOvers: RateLimit;
  /** Those below are of an IP address. */
  connects: RateLimit;
  logins: RateLimit;
  /** Refreshes and agent tokens: every client asks for one each few minutes, many behind one address. */
  refreshes: RateLimit;
  registrations: RateLimit;
  wrongKeys: RateLimit;
  /** In memory: answers to strangers must not wait for Redis. */
  requests: RateLimit;
}

interface RateLimitOptions {
  /** A connection of its own that fails at once when Redis is away: then this process counts alone. */
  redis: Redis;
  conversations: ConversationCounts;
  exceeded: Counter<'limit'>;
}

export function createRateLimits(
  config: GatewayConfig,
  { redis, conversations, exceeded }: RateLimitOptions,
): RateLimits {
  const networks = new LRUCache<string, string>({ max: ADDRESSES, memoMethod: networkOf });
  const network: KeyOf = (ip) => networks.memo(ip.slice(0, ADDRESS_CHARS));
  const counting = (keyPrefix: string, duration: number) =>
    new RateLimiterMemory({ keyPrefix, duration, points: Number.MAX_SAFE_INTEGER });
  const parts = (limit: string, points: number, keyOf: KeyOf) => ({
    points,
    keyOf,
    onExceeded: () => exceeded.inc({ limit }),
  });
  const inMemory: MakeLimit = (name, points, keyOf) =>
    new RateLimit({ limiter: counting(name, MINUTE_S), ...parts(name, points, keyOf) });
  const shared: MakeLimit = (name, points, keyOf, duration = MINUTE_S) => {
    const limiter = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `${config.REDIS_PREFIX}:limit:${name}`,
      duration,
      points: Number.MAX_SAFE_INTEGER,
      // A Redis that is away is nobody's fault: each gateway counts by itself then.
      insuranceLimiter: counting(name, duration),
    });
    return new RateLimit({ limiter, ...parts(name, points, keyOf) });
  };

  const factorOf = ({ kind, id }: Actor) =>
    kind === 'user' ? 1 : 1 + conversations.of(id) / config.AGENT_CONVERSATIONS_PER_BUDGET;
  const ofIdentities = (make: MakeLimit) =>
    new IdentityLimits(
      {
        sends: make('sends', config.SENDS_PER_MINUTE, itself),
        reads: make('reads', config.READS_PER_MINUTE, itself),
        receipts: make('receipts', config.RECEIPTS_PER_MINUTE, itself),
        signals: make('signals', config.SIGNALS_PER_MINUTE, itself),
      },
      {
        user: make('sends_ip', config.SENDS_PER_MINUTE_IP, network),
        agent: make('sends_ip_agents', config.SENDS_PER_MINUTE_IP, network),
      },
      factorOf,
    );

  return {
    sockets: ofIdentities(inMemory),
    rest: ofIdentities(shared),
    refusals: inMemory('refusals', config.REFUSALS_PER_MINUTE, itself),
    takeOvers: shared('take_overs', config.TAKE_OVERS_PER_MINUTE, itself),
    connects: shared('connects', config.CONNECTS_PER_MINUTE_IP, network),
    logins: shared('logins', config.LOGINS_PER_MINUTE_IP, network),
    refreshes: shared('refreshes', config.REFRESHES_PER_MINUTE_IP, network),
    registrations: shared(
      'registrations',
      config.REGISTRATIONS_PER_HOUR_IP,
      network,
      60 * MINUTE_S,
    ),
    wrongKeys: shared('wrong_keys', config.WRONG_KEYS_PER_MINUTE_IP, network),
    requests: inMemory('requests', config.REQUESTS_PER_MINUTE_IP, network),
  };
}

type KeyOf = (subject: string) => string;
type MakeLimit = (name: string, points: number, keyOf: KeyOf, durationS?: number) => RateLimit;

function itself(id: string): string {
  return id;
}
