import type { Actor } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import { networkOf, siteOf, upToEntries } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Counter } from 'prom-client';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { GatewayConfig } from '../config';
import type { ConversationCounts } from './conversation-counts';
import { IdentityLimits } from './identity-limits';
import { MemoryLimit } from './memory-limit';
import { RateLimit } from './rate-limit';
import { loadAll, SharedCounts } from './shared-counts';
import { SocketLimits } from './socket-limits';

const MINUTE_S = 60;
/** Addresses whose network is remembered: parsing one takes longer than counting it. */
const ADDRESSES = 20_000;
/** How many connection attempts an address may make in all, wrong ones too, for each that may be right. */
const ATTEMPTS_FACTOR = 10;
/** Of IPv6 with a zone. What is longer is no address. */
const ADDRESS_CHARS = 64;

export interface RateLimits {
  /** The budgets of an identity are one for sockets and REST of all gateways; no Redis call is in a message's way. */
  sockets: SocketLimits;
  rest: IdentityLimits;
  /** Learns what an identity that connects has spent elsewhere. Without Redis: nothing. */
  load(identityId: string): Promise<void>;
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
  /** Connection attempts with wrong credentials, which are no `connects`. */
  wrongConnects: RateLimit;
  /** In memory: all connection attempts, right or wrong. */
  attempts: RateLimit;
  /** In memory: answers to strangers must not wait for Redis. */
  requests: RateLimit;
}

interface RateLimitOptions {
  /** A connection of its own that fails at once when Redis is away: then this process counts alone. */
  redis: Redis;
  conversations: ConversationCounts;
  exceeded: Counter<'limit'>;
  log: Logger;
  scope: Scope;
}

export function createRateLimits(
  config: GatewayConfig,
  { redis, conversations, exceeded, log, scope }: RateLimitOptions,
): RateLimits {
  const networks = new LRUCache<string, string>({
    ...upToEntries(ADDRESSES),
    memoMethod: networkOf,
  });
  const network: KeyOf = (ip) => networks.memo(ip.slice(0, ADDRESS_CHARS));
  const sites = new LRUCache<string, { site: string | undefined }>({
    ...upToEntries(ADDRESSES),
    memoMethod: (ip) => ({ site: siteOf(ip) }),
  });
  const site = (ip: string) => sites.memo(ip.slice(0, ADDRESS_CHARS)).site;
  const counting = (keyPrefix: string, duration: number) =>
    new RateLimiterMemory({ keyPrefix, duration, points: Number.MAX_SAFE_INTEGER });
  const parts = (limit: string, points: number, keyOf: KeyOf) => ({
    points,
    keyOf,
    ...(keyOf === network && { siteOf: site }),
    onExceeded: () => exceeded.inc({ limit }),
  });
  const inMemory: MakeLimit = (name, points, keyOf) =>
    new RateLimit({ limiter: counting(name, MINUTE_S), ...parts(name, points, keyOf) });
  const inRedis = (name: string, duration: number, insuranceLimiter?: RateLimiterMemory) =>
    new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `${config.REDIS_PREFIX}:limit:${name}`,
      duration,
      points: Number.MAX_SAFE_INTEGER,
      ...(insuranceLimiter && { insuranceLimiter }),
    });
  const shared: MakeLimit = (name, points, keyOf, duration = MINUTE_S) => {
    // A Redis that is away is nobody's fault: each gateway counts by itself then.
    const limiter = inRedis(name, duration, counting(name, duration));
    return new RateLimit({ limiter, ...parts(name, points, keyOf) });
  };
  const countsOf = (name: string) =>
    new SharedCounts({
      redis: inRedis(name, MINUTE_S),
      durationMs: MINUTE_S * 1_000,
      log,
      scope,
    });
  const counts = {
    sends: countsOf('sends'),
    reads: countsOf('reads'),
    receipts: countsOf('receipts'),
    signals: countsOf('signals'),
    stream_appends: countsOf('stream_appends'),
    stream_bytes: countsOf('stream_bytes'),
    sends_ip: countsOf('sends_ip'),
    sends_ip_agents: countsOf('sends_ip_agents'),
  };

  const costs = {
    answerBytes: config.ANSWER_BYTES_PER_REQUEST,
    factorOf: ({ kind, id }: Actor) =>
      kind === 'user' ? 1 : 1 + conversations.of(id) / config.AGENT_CONVERSATIONS_PER_BUDGET,
  };
  function ofIdentities<Limit>(make: (name: keyof typeof counts, points: number) => Limit) {
    return {
      sends: make('sends', config.SENDS_PER_MINUTE),
      reads: make('reads', config.READS_PER_MINUTE),
      receipts: make('receipts', config.RECEIPTS_PER_MINUTE),
      signals: make('signals', config.SIGNALS_PER_MINUTE),
      stream_appends: make('stream_appends', config.STREAM_APPENDS_PER_MINUTE),
      stream_bytes: make('stream_bytes', config.STREAM_BYTES_PER_MINUTE),
    };
  }
  function ofAddresses<Limit>(
    make: (name: keyof typeof counts, points: number, keyOf: KeyOf) => Limit,
  ) {
    return {
      user: make('sends_ip', config.SENDS_PER_MINUTE_IP, network),
      agent: make('sends_ip_agents', config.SENDS_PER_MINUTE_IP, network),
    };
  }
  const behind = (name: keyof typeof counts, points: number, keyOf: KeyOf = itself) =>
    new MemoryLimit({ counts: counts[name].behind, ...parts(name, points, keyOf) });
  const exact = (name: keyof typeof counts, points: number, keyOf: KeyOf = itself) =>
    new RateLimit({ limiter: counts[name].exact, ...parts(name, points, keyOf) });

  return {
    sockets: new SocketLimits(ofIdentities(behind), ofAddresses(behind), costs),
    rest: new IdentityLimits(ofIdentities(exact), ofAddresses(exact), costs),
    async load(identityId) {
      const { sends, reads, receipts, signals, stream_appends, stream_bytes } = counts;
      const ofIdentity = [sends, reads, receipts, signals, stream_appends, stream_bytes];
      await loadAll(redis, ofIdentity, identityId, log);
    },
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
    wrongConnects: shared('wrong_connects', config.WRONG_KEYS_PER_MINUTE_IP, network),
    attempts: inMemory('attempts', ATTEMPTS_FACTOR * config.CONNECTS_PER_MINUTE_IP, network),
    requests: inMemory('requests', config.REQUESTS_PER_MINUTE_IP, network),
  };
}

type KeyOf = (subject: string) => string;
type MakeLimit = (name: string, points: number, keyOf: KeyOf, durationS?: number) => RateLimit;

function itself(id: string): string {
  return id;
}
