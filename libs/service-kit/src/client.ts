import type { CallResponse, Calls, Client } from '@agent-messenger/contracts';
import { problemSchema } from '@agent-messenger/contracts';
import type { IncomingHttpHeaders } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { AppError } from './app-error';
import { JsonAnswer } from './json-answer';
import { JsonStream } from './json-stream';
import { parseJson } from './parse-json';
import type { Scope } from './scope';
import { createServiceTokens } from './service-tokens';
import { sharedLookup } from './shared-lookup';
import type { Tracing } from './tracing';
import { WholeAnswer } from './whole-answer';

/** Calls that wait for a connection; the callee hangs, and more would only wait as well. */
const MOST_QUEUED = 2_000;

/** To each of the callee's addresses. */
const CONNECTIONS = 32;

/** Shorter where there is another one to ask. */
const CONNECT_MS = { ofOne: 3_000, ofSeveral: 1_000 };

interface ClientOptions {
  /** Base URL of the callee's internal port; several when it has replicas and nothing in front of them. */
  url: string | readonly string[];
  /** Name of the callee, for messages. */
  service: string;
  /** INTERNAL_JWT_SECRET. */
  secret: string;
  scope: Scope;
  /** Calls made in a span are part of its trace. */
  tracing?: Tracing | undefined;
  timeoutMs?: number;
}

/** A service's calls whose answers are passed on as they come: nobody here looks into them. */
export type StreamClient<C extends Calls> = {
  [N in keyof C]: (request: z.input<C[N]['request']>) => Promise<JsonStream<CallResponse<C, N>>>;
};

/** A service's calls whose answers are handed on as JSON: nobody here looks into them. */
export type JsonClient<C extends Calls> = {
  [N in keyof C]: (request: z.input<C[N]['request']>) => Promise<JsonAnswer<CallResponse<C, N>>>;
};

/**
 * A typed client of another service's calls. Every call throws AppError: the callee's code, or `unavailable` when it
 * cannot be reached or does not answer in time; where the call may have been carried out all the same, it is `inDoubt`.
 * Of several replicas one is asked as long as it answers; what is not in doubt is asked of the others before it fails.
 */
export function createClient<C extends Calls>(calls: C, options: ClientOptions): Client<C> {
  return callsOf(calls, options, whole, (answer) => {
    return JSON.parse(answer.text()) as unknown;
  }) as Client<C>;
}

/** As `createClient`, with answers that are not parsed. */
export function createJsonClient<C extends Calls>(calls: C, options: ClientOptions): JsonClient<C> {
  return callsOf(calls, options, whole, (answer) => {
    return new JsonAnswer<unknown>(answer.bytes());
  }) as JsonClient<C>;
}

/** As `createClient`, with answers that are passed on while they come. */
export function createStreamClient<C extends Calls>(
  calls: C,
  options: ClientOptions,
): StreamClient<C> {
  return callsOf(calls, options, streamed, ({ body, headers }) => {
    const length = Number(headers['content-length']);
    const answer = new JsonStream<unknown>(body, length);
    if (headers['content-type'] === 'application/json' && length >= 0) return answer;
    answer.discard();
    throw new Error('What was answered is not JSON of a known length');
  }) as StreamClient<C>;
}

interface Answered {
  statusCode: number;
  headers: IncomingHttpHeaders;
  text(): string | Promise<string>;
}

/** Asks one of the callee's addresses. `withinMs`: also while no connection is free. */
type Ask<A extends Answered> = (
  pool: Pool,
  request: Dispatcher.DispatchOptions,
  withinMs: number | undefined,
) => Promise<A>;

const whole: Ask<WholeAnswer> = WholeAnswer.to;

const streamed: Ask<Answered & Pick<Dispatcher.ResponseData, 'body'>> = async (
  pool,
  request,
  withinMs,
) => {
  const signal = withinMs === undefined ? null : AbortSignal.timeout(withinMs);
  const { statusCode, headers, body } = await pool.request({ ...request, signal });
  return { statusCode, headers, body, text: () => body.text() };
};

/** @param take what a call answers, of a response of 200 */
function callsOf<A extends Answered>(
  calls: Calls,
  options: ClientOptions,
  ask: Ask<A>,
  take: (response: A) => unknown,
): Record<string, (request: unknown) => Promise<unknown>> {
  const post = createPost(options, ask, take);
  return Object.fromEntries(
    Object.keys(calls).map((name) => [name, (request: unknown) => post(name, request)]),
  );
}

type Post = (name: string, request: unknown) => Promise<unknown>;

function createPost<A extends Answered>(
  options: ClientOptions,
  ask: Ask<A>,
  take: (response: A) => unknown,
): Post {
  const { url, service, secret, scope, tracing, timeoutMs = 10_000 } = options;
  const urls = [url].flat();
  const connectMs = urls.length > 1 ? CONNECT_MS.ofSeveral : CONNECT_MS.ofOne;
  const pools = urls.map(
    (each) =>
      new Pool(each, {
        connections: CONNECTIONS,
        // Shorter than the server's, so that no request is sent into a connection that is being closed.
        keepAliveTimeout: 30_000,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        connect: { timeout: connectMs, lookup: sharedLookup },
      }),
  );
  scope.defer(`client of ${service}`, async () => {
    await Promise.all(pools.map((pool) => pool.destroy()));
  });
  // Many clients begin with different ones.
  let asked = Math.floor(Math.random() * pools.length);
  const token = createServiceTokens(secret, 'agent-messenger');

  async function post(name: string, request: unknown): Promise<unknown> {
    for (let others = pools.length - 1; ; others -= 1) {
      const index = asked;
      const pool = pools[index];
      if (!pool) throw new TypeError(`${service} has no URL`);
      try {
        return await postTo(pool, name, request);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
        // Of those that fail at the same time one moves on for all.
        if (asked === index) asked = (index + 1) % pools.length;
        if (others === 0 || error.inDoubt) throw error;
      }
    }
  }

  async function postTo(pool: Pool, name: string, request: unknown): Promise<unknown> {
    let response: A;
    let text: string;
    const { queued, running } = pool.stats;
    if (queued > MOST_QUEUED) {
      throw new AppError('unavailable', `${service} is overloaded`, { retryAfterMs: 1_000 });
    }
    try {
      response = await ask(
        pool,
        {
          method: 'POST',
          path: `/internal/${name}`,
          headers: headers(),
          body: JSON.stringify(request),
        },
        // Where there is a connection the times of the pool are enough.
        running >= CONNECTIONS ? timeoutMs : undefined,
      );
      if (response.statusCode === 200) return take(response);
      text = await response.text();
    } catch (cause) {
      throw new AppError('unavailable', `${service} cannot be reached`, {
        cause,
        retryAfterMs: 1_000,
        inDoubt: !isUnsent(cause),
      });
    }
    // It is our token that is refused, not the caller's: a key that is being rotated, or a clock that is off.
    if (response.headers['www-authenticate'] !== undefined) {
      throw new AppError('unavailable', `${service} refuses our service token`, {
        retryAfterMs: 5_000,
      });
    }
    const problem = problemSchema.safeParse(parseJson(text));
    if (!problem.success) {
      throw new AppError('unavailable', `${service} answered ${response.statusCode}`, {
        retryAfterMs: 1_000,
      });
    }
    const { detail, ...wire } = problem.data;
    const requestId = response.headers['x-request-id']?.toString();
    throw AppError.fromWire({ ...wire, message: detail ?? wire.title }, requestId);
  }

  function headers(): Record<string, string> {
    const traceparent = tracing?.current();
    return {
      'content-type': 'application/json',
      authorization: `Bearer ${token()}`,
      ...(traceparent !== undefined && { traceparent }),
    };
  }

  return post;
}

/** Whether it failed before there was a connection to send it over. */
function isUnsent(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && NO_CONNECTION.has(code);
}

const NO_CONNECTION = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  'UND_ERR_CONNECT_TIMEOUT',
]);
