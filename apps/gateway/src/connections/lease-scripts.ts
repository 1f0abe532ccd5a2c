import type { Redis } from 'ioredis';

/**
 * The lease in Redis, each step one atomic script. The lease routes; what protects is the store, which refuses lower
 * epochs. The sorted set of identities by expiry is kept by the same scripts: who is in it is online or held, and who
 * adds or pops announces, exactly once.
 */

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const announce = `
local function announce(channel, identity, status, seen)
  redis.call('PUBLISH', channel, cjson.encode({{ identity_id = identity, status = status, last_seen_ms = seen }}))
end
`;

/**
 * KEYS lease, expiry. ARGV identity, gateway, connection, credential, floor, ttl, presence channel, gateway channel
 * prefix, until when by this clock. Later than that nobody waits for it any more, and it would take the lease from who
 * came back elsewhere. The epoch goes by the clock as well: leases taken on both sides of an empty restart would
 * otherwise have the same. → epoch, or nil when it is too late
 */
const acquire = `${now}${announce}
if now > tonumber(ARGV[9]) then return nil end
local epoch = tonumber(ARGV[5])
local previous = redis.call('GET', KEYS[1])
if previous then
  previous = cjson.decode(previous)
  epoch = math.max(epoch, previous.epoch)
end
epoch = math.max(epoch + 1, now)
redis.call('SET', KEYS[1], cjson.encode({
  gateway = ARGV[2], connection_id = ARGV[3], credential_id = ARGV[4], epoch = epoch
}), 'PX', ARGV[6])
local added = redis.call('ZADD', KEYS[2], now + ARGV[6], ARGV[1]) == 1
-- A status lives with its lease: the new one begins as online.
if added or (previous and (previous.status or 'online') ~= 'online') then
  announce(ARGV[7], ARGV[1], 'online', now)
end
if previous and type(previous.gateway) == 'string' then
  redis.call('PUBLISH', ARGV[8] .. previous.gateway, cjson.encode({
    type = 'evict', identity_id = ARGV[1], epoch = epoch, code = 'replaced',
    same_session = previous.credential_id == ARGV[4]
  }))
end
return epoch
`;

/**
 * Takes the lease from its holder without a new one: KEYS lease, expiry, last seen. ARGV identity, credential, ttl,
 * gateway channel prefix, last-seen ttl. The tombstone outlives every renewal that is under way. Only if the connection
 * came with this credential, which has ended; an empty one stands for any: what the peer has remains valid, and it may
 * come back.
 * → 1 or 0
 */
const evict = `${now}
local entry = redis.call('GET', KEYS[1])
if not entry then return 0 end
entry = cjson.decode(entry)
if type(entry.gateway) ~= 'string' then return 0 end
local mayReturn = ARGV[2] == ''
if not mayReturn and entry.credential_id ~= ARGV[2] then return 0 end
local epoch = entry.epoch + 1
redis.call('SET', KEYS[1], cjson.encode({
  gateway = cjson.null, connection_id = entry.connection_id, credential_id = entry.credential_id, epoch = epoch,
  may_return = mayReturn or nil
}), 'PX', ARGV[3])
redis.call('ZADD', KEYS[2], 'XX', now, ARGV[1])
redis.call('SET', KEYS[3], string.format('%.0f', now), 'PX', ARGV[5])
redis.call('PUBLISH', ARGV[4] .. entry.gateway, cjson.encode({
  type = 'evict', identity_id = ARGV[1], epoch = epoch, code = mayReturn and 'lease_lost' or 'revoked'
}))
return 1
`;

/**
 * Forgets an identity: KEYS lease, expiry, last seen. ARGV identity, ttl, presence channel, gateway channel prefix. Of
 * a lease a tombstone remains for its ttl, as with an eviction, after which the holder notes nothing any more.
 */
const erase = `${now}${announce}
redis.call('DEL', KEYS[3])
if redis.call('ZREM', KEYS[2], ARGV[1]) == 1 then announce(ARGV[3], ARGV[1], 'offline', now) end
local entry = redis.call('GET', KEYS[1])
if not entry then return 0 end
entry = cjson.decode(entry)
local epoch = entry.epoch
if type(entry.gateway) == 'string' then
  epoch = epoch + 1
  redis.call('PUBLISH', ARGV[4] .. entry.gateway, cjson.encode({
    type = 'evict', identity_id = ARGV[1], epoch = epoch, code = 'revoked'
  }))
end
redis.call('SET', KEYS[1], cjson.encode({
  gateway = cjson.null, connection_id = entry.connection_id, credential_id = entry.credential_id, epoch = epoch,
  erased = true
}), 'PX', ARGV[2])
return 1
`;

/**
 * KEYS lease, presence expiry. ARGV identity, connection, status, presence channel. Only the holder's status counts. →
 * 1 or 0
 */
const status = `${now}${announce}
local entry = redis.call('GET', KEYS[1])
if not entry then return 0 end
entry = cjson.decode(entry)
if entry.connection_id ~= ARGV[2] then return 0 end
local before = entry.status or 'online'
entry.status = ARGV[3]
redis.call('SET', KEYS[1], cjson.encode(entry), 'KEEPTTL')
if before ~= ARGV[3] and redis.call('ZSCORE', KEYS[2], ARGV[1]) then announce(ARGV[4], ARGV[1], ARGV[3], now) end
return 1
`;

/**
 * KEYS expiry, lease…. ARGV gateway, ttl, presence channel, then identity, connection, credential, epoch, status of
 * each. A missing entry or a lower epoch is written again: Redis came back empty or old, and the store fences. A
 * tombstone of the connection means revoked, or ended, a higher epoch superseded: a tombstone is one above the
 * connection that it ended, so that of an older one, which Redis may have remembered, has at most our own. → 1 renewed,
 * 2 written again, 3 revoked, 4 ended and may come back, 0 superseded, of each
 */
const renew = `${now}${announce}
local renewed = {}
for i = 2, #KEYS do
  local at = 4 + (i - 2) * 5
  local identity, epoch = ARGV[at], tonumber(ARGV[at + 3])
  local entry = redis.call('GET', KEYS[i])
  if entry then entry = cjson.decode(entry) end
  local isOwnTombstone = entry and type(entry.gateway) ~= 'string' and entry.connection_id == ARGV[at + 1]
  if entry and (entry.epoch > epoch or (entry.epoch == epoch and isOwnTombstone)) then
    renewed[i - 1] = isOwnTombstone and (entry.may_return and 4 or 3) or 0
  else
    redis.call('SET', KEYS[i], cjson.encode({
      gateway = ARGV[1], connection_id = ARGV[at + 1], credential_id = ARGV[at + 2], epoch = epoch,
      status = ARGV[at + 4]
    }), 'PX', ARGV[2])
    local added = redis.call('ZADD', KEYS[1], now + ARGV[2], identity) == 1
    if added or ((entry and entry.status or 'online') ~= ARGV[at + 4]) then
      announce(ARGV[3], identity, ARGV[at + 4], now)
    end
    renewed[i - 1] = (entry and entry.epoch == epoch) and 1 or 2
  end
end
return renewed
`;

/**
 * KEYS lease, expiry, last seen. ARGV identity, connection, hold, last-seen ttl, presence channel. Only the holder
 * releases. → 1 or 0
 */
const release = `${now}${announce}
local entry = redis.call('GET', KEYS[1])
if not entry then return 0 end
entry = cjson.decode(entry)
if entry.connection_id ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
if entry.erased then return 1 end
redis.call('ZADD', KEYS[2], 'XX', now + ARGV[3], ARGV[1])
redis.call('SET', KEYS[3], string.format('%.0f', now), 'PX', ARGV[4])
-- During the hold there is no lease to tell a status: held means online.
if (entry.status or 'online') ~= 'online' then announce(ARGV[5], ARGV[1], 'online', now) end
return 1
`;

/** KEYS expiry. ARGV most, presence channel, last-seen key prefix, lease ttl, last-seen ttl. → how many went offline */
const sweep = `${now}${announce}
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #expired, 2 do
  local identity = expired[i]
  redis.call('ZREM', KEYS[1], identity)
  local seen = redis.call('GET', ARGV[3] .. identity)
  -- A connection that ended without a release was last seen when its lease was last renewed.
  local renewed = tonumber(expired[i + 1]) - ARGV[4]
  if not seen or tonumber(seen) < renewed then
    seen = string.format('%.0f', renewed)
    redis.call('SET', ARGV[3] .. identity, seen, 'PX', ARGV[5])
  end
  announce(ARGV[2], identity, 'offline', tonumber(seen))
end
return #expired / 2
`;

const SCRIPTS = {
  leaseAcquire: acquire,
  leaseRenew: renew,
  leaseRelease: release,
  leaseStatus: status,
  leaseEvict: evict,
  leaseErase: erase,
  presenceSweep: sweep,
};

type Argument = string | number;

/** A Redis client with the scripts as commands. */
export type LeaseRedis = Redis & {
  leaseAcquire(keys: number, ...args: Argument[]): Promise<number | null>;
  leaseRenew(keys: number, ...args: Argument[]): Promise<number[]>;
  leaseRelease(keys: number, ...args: Argument[]): Promise<number>;
  leaseEvict(keys: number, ...args: Argument[]): Promise<number>;
  leaseErase(keys: number, ...args: Argument[]): Promise<number>;
  leaseStatus(keys: number, ...args: Argument[]): Promise<number>;
  presenceSweep(keys: number, ...args: Argument[]): Promise<number>;
};

export function withLeaseScripts(redis: Redis): LeaseRedis {
  for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { lua });
  return redis as LeaseRedis;
}
