import type { Redis } from 'ioredis';
import { fanOut } from './fan-out-script';

/**
 * A stream in Redis, each step one atomic script: a hash (conversation, epoch, run, length, bytes, stopped, until,
 * reply_to, readers), its text, and its place among the deadlines and in the sets of its conversation, its agent and
 * its readers. Writers are fenced by the epoch of the agent's connection. Deadlines go by the clock of Redis. Of the
 * arguments the last two of a script that tells readers are the prefixes of leases and of the gateways' channels.
 */

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function int(number) return string.format('%.0f', number) end
`;

/** A stream of which a part was evicted is none. */
const load = `
local function load(hash, text)
  local f = redis.call('HMGET', hash, 'conversation', 'epoch', 'run', 'length', 'bytes', 'stopped', 'until')
  if not f[1] or tonumber(f[5]) ~= redis.call('STRLEN', text) then return nil end
  return { conversation = f[1], epoch = tonumber(f[2]), run = f[3], length = tonumber(f[4]),
    bytes = tonumber(f[5]), stopped = f[6], until_ = tonumber(f[7]) }
end
`;

/**
 * KEYS hash, text, deadlines, conversation's set, agent's set, readers' sets… ARGV of, conversation, epoch, restart,
 * reply_to, readers, resume ms, most age ms, ttl ms, most in a conversation, most of an agent, key prefix of hashes,
 * and the two prefixes.
 * → {status, length, bytes, stopped, run}; status `new`, `restarted`, `open`, `elsewhere`, `superseded` or `full`
 */
const start = `${now}${load}${fanOut}
local of, ttl = ARGV[1], tonumber(ARGV[9])
local known = load(KEYS[1], KEYS[2])
if known and known.conversation ~= ARGV[2] then return { 'elsewhere' } end
if known and known.epoch > tonumber(ARGV[3]) then return { 'superseded' } end

local function isFull(set, most)
  if redis.call('SCARD', set) < most then return false end
  for _, other in ipairs(redis.call('SMEMBERS', set)) do
    if redis.call('EXISTS', ARGV[12] .. other) == 0 then redis.call('SREM', set, other) end
  end
  return redis.call('SCARD', set) >= most
end
local status = 'open'
local run, length, bytes = known and known.run, known and known.length, known and known.bytes
local stopped = known and known.stopped or '0'
local bound = known and known.until_
if not known then
  if isFull(KEYS[4], tonumber(ARGV[10])) or isFull(KEYS[5], tonumber(ARGV[11])) then return { 'full' } end
  status = 'new'
elseif ARGV[4] == '1' then
  status = 'restarted'
end
if status ~= 'open' then
  run = int(math.max(now, (tonumber(run) or 0) + 1))
  length, bytes = 0, 0
  -- Who has asked it to stop is not to wait longer because it begins anew.
  if stopped ~= '1' then bound = now + ARGV[8] end
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'conversation', ARGV[2], 'run', run, 'length', 0, 'bytes', 0, 'stopped', stopped,
    'until', int(bound), 'reply_to', ARGV[5], 'readers', ARGV[6])
  redis.call('PEXPIRE', KEYS[1], ttl)
  for i = 4, #KEYS do
    redis.call('SADD', KEYS[i], of)
    redis.call('PEXPIRE', KEYS[i], ttl)
  end
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3])
redis.call('ZADD', KEYS[3], int(math.min(now + ARGV[7], bound)), of)
if status ~= 'open' then
  local enqueue, publish = fanOut(ARGV[13], ARGV[14])
  enqueue(ARGV[6], of, run, { conversation_id = ARGV[2], kind = 'start', offset = 0, text = '',
    reply_to = ARGV[5] ~= '' and ARGV[5] or nil })
  publish()
end
return { status, length, bytes, stopped, run }
`;

/**
 * KEYS of each stream hash and text. ARGV most bytes, ttl ms, of each stream `of`, epoch, offset, text, its length and
 * readers, and the two prefixes.
 * → of each {status, length, bytes, stopped}; status `ok`, `gone`, `superseded`, `gap` or `full`
 */
const append = `${load}${fanOut}
local enqueue, publish = fanOut(ARGV[#ARGV - 1], ARGV[#ARGV])
local function add(hash, text, of, epoch, offset, piece, units, readers)
  local known = load(hash, text)
  if not known then return { 'gone', 0, 0, '0' } end
  local function refuse(status) return { status, known.length, known.bytes, known.stopped } end
  if known.epoch > tonumber(epoch) then return refuse('superseded') end
  if known.length ~= tonumber(offset) then return refuse('gap') end
  if known.bytes + #piece > tonumber(ARGV[1]) then return refuse('full') end
  local bytes = redis.call('APPEND', text, piece)
  if known.bytes == 0 then redis.call('PEXPIRE', text, ARGV[2]) end
  local length = known.length + tonumber(units)
  -- Who is told of its end: members come and go.
  redis.call('HSET', hash, 'length', length, 'bytes', bytes, 'readers', readers)
  enqueue(readers, of, known.run, { conversation_id = known.conversation, kind = 'append', offset = known.length,
    text = piece })
  return { 'ok', length, bytes, known.stopped }
end
local answers = {}
for i = 1, #KEYS, 2 do
  answers[#answers + 1] = add(KEYS[i], KEYS[i + 1], unpack(ARGV, 3 * i, 3 * i + 5))
end
publish()
return answers
`;

/** KEYS hash, text. → {conversation, epoch, run, stopped, reply_to, text}, or nil */
const read = `${load}
local known = load(KEYS[1], KEYS[2])
if not known then return nil end
return { known.conversation, known.epoch, known.run, known.stopped, redis.call('HGET', KEYS[1], 'reply_to'),
  redis.call('GET', KEYS[2]) or '' }
`;

/**
 * KEYS hash, text, deadlines. ARGV of, run, message that it has become or nothing, key prefix of sets, and the two
 * prefixes. Not one that has begun anew since. → 1 or 0
 */
const remove = `${fanOut}
local f = redis.call('HMGET', KEYS[1], 'conversation', 'run', 'readers', 'length')
if not f[1] or f[2] ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('SREM', ARGV[4] .. f[1], ARGV[1])
redis.call('SREM', ARGV[4] .. string.match(ARGV[1], '^%S+'), ARGV[1])
for reader in string.gmatch(f[3], '%S+') do redis.call('SREM', ARGV[4] .. reader, ARGV[1]) end
local enqueue, publish = fanOut(ARGV[5], ARGV[6])
enqueue(f[3], ARGV[1], f[2], { conversation_id = f[1], kind = 'end', offset = tonumber(f[4]), text = '',
  message_id = ARGV[3] ~= '' and ARGV[3] or nil })
publish()
return 1
`;

/**
 * KEYS deadlines, and of each stream hash and text. ARGV resume ms, epoch, and of each stream `of`. A deadline only
 * moves away: one that was claimed stays so. → of each `gone`, `superseded`, `stopped` or `ok`
 */
const renew = `${now}${load}
local answers = {}
for i = 3, #ARGV do
  local known = load(KEYS[2 * i - 4], KEYS[2 * i - 3])
  if not known then
    answers[i - 2] = 'gone'
  elseif known.epoch > tonumber(ARGV[2]) then
    answers[i - 2] = 'superseded'
  else
    redis.call('ZADD', KEYS[1], 'GT', int(math.min(now + ARGV[1], known.until_)), ARGV[i])
    answers[i - 2] = known.stopped == '1' and 'stopped' or 'ok'
  end
end
return answers
`;

/**
 * KEYS hash, text, deadlines. ARGV of, conversation, ms, whether a person has asked for it. It has this long to end;
 * asked again, no longer than at first. → `limited`, `gone` or, when it is one of another conversation, `elsewhere`
 */
const limit = `${now}${load}
local known = load(KEYS[1], KEYS[2])
if not known then return 'gone' end
if known.conversation ~= ARGV[2] then return 'elsewhere' end
local bound = math.min(known.until_, now + ARGV[3])
redis.call('HSET', KEYS[1], 'until', int(bound))
if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'stopped', 1) end
redis.call('ZADD', KEYS[3], 'LT', int(bound), ARGV[1])
return 'limited'
`;

/**
 * KEYS deadlines. ARGV most, claim ms, ttl ms, key prefixes of hashes and texts. What is due stays in the set, later:
 * who claimed it has this long. → those that are due
 */
const claim = `${now}
local due = {}
for _, of in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local hash = ARGV[4] .. of
  if redis.call('EXISTS', hash) == 0 then
    redis.call('ZREM', KEYS[1], of)
  else
    redis.call('ZADD', KEYS[1], int(now + ARGV[2]), of)
    redis.call('PEXPIRE', hash, ARGV[3])
    redis.call('PEXPIRE', ARGV[5] .. of, ARGV[3])
    due[#due + 1] = of
  end
end
return due
`;

const SCRIPTS = {
  streamStart: start,
  streamAppend: append,
  streamRead: read,
  streamRemove: remove,
  streamRenew: renew,
  streamLimit: limit,
  streamClaim: claim,
};

type Argument = string | number;
type Script<Answer> = (keys: number, ...args: Argument[]) => Promise<Answer>;

/** A Redis client with the scripts as commands. */
export type StreamRedis = Redis & {
  streamStart: Script<
    [status: string, length: number, bytes: number, stopped: string, run: string]
  >;
  streamAppend: Script<[status: string, length: number, bytes: number, stopped: string][]>;
  streamRead: Script<
    | [
        conversation: string,
        epoch: number,
        run: string,
        stopped: string,
        replyTo: string,
        text: string,
      ]
    | null
  >;
  streamRemove: Script<number>;
  streamRenew: Script<string[]>;
  streamLimit: Script<string>;
  streamClaim: Script<string[]>;
};

export function withStreamScripts<R extends Redis>(redis: R): R & StreamRedis {
  for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { lua });
  return redis as R & StreamRedis;
}
