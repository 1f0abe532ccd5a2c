import type { Redis, RedisOptions } from 'ioredis';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger';
import type { Scope } from '../scope';
import { probeRedis } from './probe-redis';
import { openRedis, untilReady } from './redis';
import { isReadOnly, redisProblem, type RedisProblem } from './redis-problem';
import { redisOptions, type RedisTarget } from './redis-target';

const PROBE_EVERY_MS = 2_000;
/** A server that is no primary is left once in this time: where the way to it leads may not have changed yet. */
const LEAVE_EVERY_MS = 1_000;
/** For an answer that has come and was not read yet, because this process was held up itself. */
const LATE_MS = 500;
/**
 * A connection that was ready and has not answered for so long does not answer any more; with the shortest timeouts,
 * again and again.
 */
const SILENT_MS = 4_500;

interface EndpointOptions {
  /** In logs: `live` or `queue`. */
  role: string;
  prefix: string;
  /** Whether messages are published through it. */
  channels: boolean;
  log: Logger;
  scope: Scope;
}

interface Unanswered {
  askedAt: number;
  isSilent(): Promise<boolean>;
}

interface EndpointConnection {
  redis: Redis;
  /** When its last attempt to connect began. */
  since: number;
  /** Why it is not connected. */
  lost: unknown;
  /** The first question that was not answered in time, and whether nothing at all has come since. */
  unanswered: Unanswered | undefined;
}

/**
 * One Redis as a service uses it: all its connections there, and the judgement whether it is of use. A primary that was
 * demoted goes on answering, and connections that only listen would never notice: what one of them finds out makes all
 * of them connect anew.
 */
export class RedisEndpoint {
  private readonly connections: EndpointConnection[] = [];
  private probing: Promise<void> | undefined;
  private reported: string | undefined;
  private leftAt = -Infinity;

  constructor(
    private readonly target: RedisTarget,
    private readonly options: EndpointOptions,
  ) {
    const timer = setInterval(() => void this.check().catch(() => undefined), PROBE_EVERY_MS);
    options.scope.defer(`redis ${options.role} probe`, () => clearInterval(timer));
  }

  /** The first one of all is the one that probes: its commands must be short, and have a timeout. */
  open(name: string, options: RedisOptions = {}): Redis {
    const { log, scope } = this.options;
    const own = { ...this.leaving(), ...options };
    const redis = openRedis(this.target, { name, log, scope, options: own });
    this.watch(redis);
    return redis;
  }

  /** As `open`; resolves when it is ready. */
  async connect(name: string, options: RedisOptions = {}): Promise<Redis> {
    return untilReady(this.open(name, options));
  }

  /** For what opens its connections by itself: it leaves a server that became a replica, too. */
  connectionOptions(options: RedisOptions): RedisOptions {
    return { ...redisOptions(this.target), ...this.leaving(), ...options };
  }

  /**
   * Resolves when what services do can be done, over each connection. Who asks while a probe runs gets its result.
   * @throws RedisProblem
   */
  check(): Promise<void> {
    this.probing ??= this.probe().finally(() => (this.probing = undefined));
    return this.probing;
  }

  private async probe(): Promise<void> {
    const [first, ...others] = this.connections;
    if (!first) throw new Error('nothing has been opened');
    const isSilent = watchSilence(first);
    try {
      if (!isReady(first)) throw problemOf(first);
      await probeRedis(first.redis, this.options);
    } catch (error) {
      const problem = redisProblem(error);
      this.report(problem);
      // What another connection may cure: it leads to whoever is the primary by then, or to a server that answers.
      const { reason } = problem;
      if (reason === 'read_only' || (reason === 'no_answer' && (await isSilent()))) this.leave();
      throw problem;
    }
    gather(others, first.since);
    for (const other of others.filter(isReady)) void endIfSilent(other);
    const lacking = others.find((other) => !isReady(other));
    const problem = lacking && problemOf(lacking);
    this.report(problem);
    if (problem) throw problem;
  }

  /** Once per change. That a connection is away is told by the connection. */
  private report(problem: RedisProblem | undefined): void {
    const { log, role } = this.options;
    const isReported = problem !== undefined && problem.reason !== 'unreachable';
    const now = isReported ? problem.reason : undefined;
    if (now === this.reported) return;
    if (problem && isReported) {
      const { reason, message, advice } = problem;
      log.warn({ redis: role, problem: reason, reason: message, advice }, 'redis is of no use');
    } else if (!problem) log.info({ redis: role }, 'redis is of use again');
    if (isReported || !problem) this.reported = now;
  }

  private watch(redis: Redis): void {
    const connection: EndpointConnection = {
      ...{ redis, since: performance.now() },
      ...{ lost: undefined, unanswered: undefined },
    };
    this.connections.push(connection);
    redis.on('connecting', () => (connection.since = performance.now()));
    redis.on('error', (error) => (connection.lost = error));
    redis.on('ready', () => {
      connection.lost = undefined;
      connection.unanswered = undefined;
    });
  }

  private leaving(): RedisOptions {
    return {
      reconnectOnError: (error) => {
        if (isReadOnly(error)) this.leave();
        // Those that BullMQ opened are not among ours.
        return isReadOnly(error);
      },
    };
  }

  private leave(): void {
    const now = performance.now();
    if (now - this.leftAt < LEAVE_EVERY_MS) return;
    this.leftAt = now;
    this.connections.forEach(connectAnew);
  }
}

/**
 * The first one is where all belong. Whoever set out before it did may have arrived elsewhere, or is about to, and
 * those that listen would never notice.
 */
function gather(others: EndpointConnection[], since: number): void {
  others.filter((other) => other.since < since).forEach(connectAnew);
}

/** @returns whether nothing has come over the connection from now on */
function watchSilence({ redis }: EndpointConnection): () => Promise<boolean> {
  const stream = redis.stream as Socket | undefined;
  const heard = stream?.bytesRead;
  return async () => {
    await delay(LATE_MS);
    return stream?.destroyed === false && stream.bytesRead === heard;
  };
}

function isReady({ redis }: EndpointConnection): boolean {
  // One that has just been given up still says so.
  return redis.status === 'ready' && !redis.stream.destroyed;
}

/**
 * What stands between may have forgotten a connection that is idle, and tells nobody. One that only listens would wait
 * on it for ever. It connects anew.
 */
async function endIfSilent(connection: EndpointConnection): Promise<void> {
  const asked = { askedAt: performance.now(), isSilent: watchSilence(connection) };
  try {
    await connection.redis.ping();
    connection.unanswered = undefined;
  } catch (error) {
    // Otherwise it has ended, and comes back by itself.
    if (redisProblem(error).reason !== 'no_answer') return;
    const { askedAt, isSilent } = (connection.unanswered ??= asked);
    if (performance.now() - askedAt < SILENT_MS) return;
    if (await isSilent()) connectAnew(connection);
    // What answers late is slow, and is watched from the next question on.
    connection.unanswered = undefined;
  }
}

function problemOf({ lost }: EndpointConnection): RedisProblem {
  return redisProblem(lost ?? new Error('Connection is closed.'));
}

function connectAnew({ redis }: EndpointConnection): void {
  // Not disconnect(): a half-open connection would wait for its FIN to be acknowledged.
  redis.stream?.destroy();
}
