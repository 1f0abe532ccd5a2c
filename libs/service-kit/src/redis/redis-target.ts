import type { RedisOptions } from 'ioredis';

/** PEM texts, over what Node and `NODE_EXTRA_CA_CERTS` trust. */
export interface RedisTls {
  ca?: string | undefined;
  /** What the client shows of itself, where Redis asks for it. */
  cert?: string | undefined;
  key?: string | undefined;
}

/** Where a Redis is, and how both sides are known to each other. */
export interface RedisTarget {
  /** `redis[s]://user:password@host:port/db`, or `redis[s]+sentinel://user:password@host:port,host:port/name/db`. */
  url: string;
  tls?: RedisTls | undefined;
}

interface Host {
  host: string;
  port: number;
}

interface ParsedUrl {
  isTls: boolean;
  isSentinel: boolean;
  username: string | undefined;
  password: string | undefined;
  hosts: Host[];
  path: string[];
  query: URLSearchParams;
}

const URL_OF_REDIS =
  /^(redis|rediss)(\+sentinel)?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const HOST = /^(\[[0-9a-fA-F:.%]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/;

/** Whether it is one that `redisOptions` takes. */
export function isRedisUrl(text: string): boolean {
  return parse(text) !== undefined;
}

/** Hosts and ports of a URL, for people: without user and password. */
export function redisAddress(url: string): string {
  const hosts = parse(url)?.hosts ?? [];
  return hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
}

/**
 * How ioredis gets there. The master behind sentinels is asked for anew at each connection, and one that is none any
 * more is left before it counts as ready.
 */
export function redisOptions({
  url,
  tls: given = {},
}: RedisTarget): Omit<RedisOptions, 'replyMapping'> {
  const parsed = parse(url);
  if (!parsed) throw new TypeError('this is no URL of a Redis');
  const { isTls, isSentinel, username, password, hosts, path, query } = parsed;
  const tls = Object.fromEntries(Object.entries(given).filter(([, text]) => text !== undefined));
  const [name, db] = isSentinel ? path : [undefined, path[0]];
  const family = Number(query.get('family'));
  const shared: RedisOptions = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(db !== undefined && { db: Number(db) }),
    ...(family > 0 && { family }),
    ...(isTls && { tls }),
  };
  if (!isSentinel) return { ...shared, ...hosts[0] };
  const sentinelUsername = query.get('sentinel_username');
  const sentinelPassword = query.get('sentinel_password');
  return {
    ...shared,
    ...(name !== undefined && { name }),
    sentinels: hosts,
    role: 'master',
    ...(sentinelUsername !== null && { sentinelUsername }),
    ...(sentinelPassword !== null && { sentinelPassword }),
    ...(isTls && { enableTLSForSentinelMode: true, sentinelTLS: tls }),
    sentinelCommandTimeout: 2_000,
    sentinelRetryStrategy: (attempt) => Math.min(100 * attempt, 1_000),
  };
}

/** By hand: several hosts are more than `URL` takes. */
function parse(text: string): ParsedUrl | undefined {
  const [, scheme, sentinel, user, hostList, path = '', query = ''] = URL_OF_REDIS.exec(text) ?? [];
  if (scheme === undefined || hostList === undefined) return undefined;
  const isSentinel = sentinel !== undefined;
  const hosts = hostList.split(',').map((one) => parseHost(one, isSentinel ? 26_379 : 6_379));
  const parts = path.split('/').filter((part) => part !== '');
  const db = parts[isSentinel ? 1 : 0];
  const isWhole =
    hosts.every((host) => host !== undefined) &&
    parts.length <= (isSentinel ? 2 : 1) &&
    (isSentinel ? parts.length > 0 : hosts.length === 1) &&
    (db === undefined || /^\d{1,4}$/.test(db));
  if (!isWhole) return undefined;
  try {
    const [, name = '', secret] = /^([^:]*)(?::(.*))?$/s.exec(user ?? '') ?? [];
    return {
      isTls: scheme === 'rediss',
      isSentinel,
      username: name === '' ? undefined : decodeURIComponent(name),
      password: secret === undefined ? undefined : decodeURIComponent(secret),
      hosts: hosts.filter((host) => host !== undefined),
      path: parts.map(decodeURIComponent),
      query: new URLSearchParams(query),
    };
  } catch {
    // A percent sign that encodes nothing.
    return undefined;
  }
}

function parseHost(text: string, defaultPort: number): Host | undefined {
  const [, host, port] = HOST.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? defaultPort : Number(port),
  };
}
