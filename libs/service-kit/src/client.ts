import type { CallRequest, CallResponse, Calls, Client } from '@agent-messenger/contracts';
import { problemSchema } from '@agent-messenger/contracts';
import { Pool, request as httpRequest } from 'undici';
import { AppError } from './errors';
import type { Scope } from './scope';
import { createServiceTokens } from './service-tokens';
import type { Tracing } from './tracing';

/** Calls that wait for a connection; the callee hangs, and more would only wait as well. */
const MOST_QUEUED = 2_000;

interface ClientOptions {
  /** Base URL of the callee's internal port. */
  url: string;
  /** Name of the callee, for messages. */
  service: string;
  /** INTERNAL_JWT_SECRET. */
  secret: string;
  scope: Scope;
  /** Calls made in a span are part of its trace. */
  tracing?: Tracing | undefined;
  timeoutMs?: number;
}

/**
 * A typed client of another service's calls. Every call throws AppError: the callee's code, or `unavailable` when it
 * cannot be reached or does not answer in time; then the call may or may not have been carried out.
 */
export function createClient<C extends Calls>(calls: C, options: ClientOptions): Client<C> {
  const { url, service, secret, scope, tracing, timeoutMs = 10_000 } = options;
  const pool = new Pool(url, {
    connections: 32,
    // Shorter than the server's, so that no request is sent into a connection that is being closed.
    keepAliveTimeout: 30_000,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: 3_000 },
  });
  scope.defer(`client of ${service}`, () => pool.destroy());
  const token = createServiceTokens(secret, 'agent-messenger');

  async function call<N extends keyof C & string>(
    name: N,
    request: unknown,
  ): Promise<CallResponse<C, N>> {
    let status: number;
    let text: string;
    let refused: boolean;
    let requestId: string | undefined;
    if (pool.stats.queued > MOST_QUEUED) {
      throw new AppError('unavailable', `${service} is overloaded`, { retryAfterMs: 1_000 });
    }
    try {
      const response = await pool.request({
        method: 'POST',
        path: `/internal/${name}`,
        headers: headers(),
        body: JSON.stringify(request),
        // From now, the wait for a connection of the pool included.
        signal: AbortSignal.timeout(timeoutMs),
      });
      status = response.statusCode;
      refused = response.headers['www-authenticate'] !== undefined;
      requestId = response.headers['x-request-id']?.toString();
      text = await response.body.text();
    } catch (cause) {
      throw new AppError('unavailable', `${service} cannot be reached`, {
        cause,
        retryAfterMs: 1_000,
      });
    }
    if (status === 200) return JSON.parse(text) as CallResponse<C, N>;
    // It is our token that is refused, not the caller's: a key that is being rotated, or a clock that is off.
    if (refused) {
      throw new AppError('unavailable', `${service} refuses our service token`, {
        retryAfterMs: 5_000,
      });
    }
    const problem = problemSchema.safeParse(parseJson(text));
    if (!problem.success)
      throw new AppError('unavailable', `${service} answered ${status}`, { retryAfterMs: 1_000 });
    const { detail, ...wire } = problem.data;
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

  const names = Object.keys(calls) as (keyof C & string)[];
  return Object.fromEntries(
    names.map((name) => [name, (request: CallRequest<C, typeof name>) => call(name, request)]),
  ) as Client<C>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Resolves when the service at this internal URL is ready. */
export async function pingService(url: string): Promise<void> {
  const path = new URL('/readyz?brief', url);
  const { statusCode, body } = await httpRequest(path, { headersTimeout: 2_000 });
  await body.dump();
  if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
}
