import { DependencyError } from '../dependency-error';

interface Kind {
  reason: string;
  says: RegExp;
  advice: string;
}

const READ_ONLY = /^(READONLY|MASTERDOWN|UNBLOCKED) /;

const KINDS: readonly Kind[] = [
  {
    reason: 'read_only',
    says: READ_ONLY,
    advice: 'it is a replica: name the primary, Sentinel, or a proxy that follows the primary',
  },
  {
    reason: 'out_of_memory',
    says: /^OOM /,
    advice: 'it is full and refuses every write: raise maxmemory',
  },
  {
    reason: 'snapshot_failed',
    says: /^MISCONF /,
    advice: 'it cannot write to its disk and refuses writes: free the disk, see the log of Redis',
  },
  {
    reason: 'no_replicas',
    says: /^NOREPLICAS /,
    advice: 'fewer replicas than min-replicas-to-write: bring them back, or lower it',
  },
  {
    reason: 'not_permitted',
    says: /^NOPERM |ACL failure in script|can't access at least one of the/,
    advice: 'give the user the rights of docs/redis.md, for the keys and channels of REDIS_PREFIX',
  },
  {
    reason: 'cluster',
    says: /^(CROSSSLOT|MOVED|ASK|CLUSTERDOWN) /,
    advice: 'it is a node of a cluster: use a Redis that is none',
  },
  {
    reason: 'sentinel',
    says: /^SENTINEL /,
    advice: 'this is a Sentinel: redis+sentinel://HOST:PORT/NAME asks it for the primary',
  },
  {
    reason: 'credentials',
    says: /^(NOAUTH|WRONGPASS) |invalid password|invalid username-password/,
    advice: 'correct user and password in the URL',
  },
  {
    reason: 'too_many_clients',
    says: /max number of clients/,
    advice: 'raise maxclients: docs/redis.md says how many connections are needed',
  },
  {
    reason: 'loading',
    says: /^LOADING /,
    advice: 'it reads its data after a start: wait',
  },
  {
    reason: 'busy',
    says: /^BUSY /,
    advice: 'a script of somebody else holds it up: SCRIPT KILL ends it',
  },
  {
    reason: 'client_certificate',
    says: /certificate[ _]required|bad certificate|handshake failure/i,
    advice: 'set REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE, or in Redis tls-auth-clients no',
  },
  {
    reason: 'certificate',
    says: /certificate|altnames/i,
    advice:
      'name its authority with REDIS_TLS_CA_FILE (or NODE_EXTRA_CA_CERTS), and it by its name',
  },
  {
    reason: 'sentinel_unreachable',
    says: /sentinels are unreachable/,
    advice: 'check the addresses of the sentinels and the name of the master they watch',
  },
  {
    reason: 'no_answer',
    says: /timed out|ETIMEDOUT|Socket timeout|no answer/,
    advice: 'it is reached and does not answer: look at its load (redis-cli --latency) and network',
  },
];

const UNREACHABLE: Kind = {
  reason: 'unreachable',
  says: /./,
  advice: 'check address, redis:// or rediss://, and network policy',
};

/** What is wrong with a Redis, by what it or the way to it said. `reason` is one word of a closed list. */
export class RedisProblem extends DependencyError {
  override readonly name = 'RedisProblem';

  constructor(
    reason: string,
    message: string,
    /** What to do about it. */
    readonly advice: string,
  ) {
    super(reason, message);
  }
}

export function redisProblem(error: unknown): RedisProblem {
  if (error instanceof RedisProblem) return error;
  // Not instanceof: tests have a realm of their own, and errors of sockets come from outside of it.
  const { message = String(error) } = Object(error) as { message?: string };
  const { reason, advice } = KINDS.find(({ says }) => says.test(message)) ?? UNREACHABLE;
  return new RedisProblem(reason, message, advice);
}

/** Whether it was said by a server that is a replica. */
export function isReadOnly({ message }: Error): boolean {
  return READ_ONLY.test(message);
}

/** What to do about a reason that a service has told; undefined when there is nothing to say. */
export function adviceOnRedis(reason: string): string | undefined {
  return [...KINDS, UNREACHABLE].find((kind) => kind.reason === reason)?.advice;
}
