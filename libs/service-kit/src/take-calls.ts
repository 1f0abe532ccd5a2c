import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { AppError } from './app-error';
import { refuse } from './http';
import { JsonAnswer } from './json-answer';
import type { Logger } from './logger';
import { requestSeconds } from './service-metrics';
import { createServiceTokenVerifier } from './service-tokens';
import { traced, type Tracing } from './tracing';

export type Call = (body: unknown) => Promise<unknown>;

interface TakeCallsOptions {
  config: { INTERNAL_JWT_SECRET: string };
  log: Logger;
  metrics: Registry;
  tracing?: Tracing | undefined;
  /** Throws for what is not served (now). */
  find: (name: string) => Call;
}

/** A batch of messages at their largest, with JSON's escapes. */
const BODY_BYTES = 32 * 1024 * 1024;
const PREFIX = '/internal/';
/** How long a service token is taken for what it was found to be. */
const VERIFIED_MS = 1_000;
/** A clock that is wrong has all calls refused: one line in so long says it. */
const SAY_EVERY_MS = 10_000;

/**
 * Takes `POST /internal/<call>`, which services ask of each other all the time, past Express: that took a ninth of what
 * messages costs the store's process at 500/s. All other requests are for `others`.
 */
export function takeCalls(options: TakeCallsOptions, others: RequestListener): RequestListener {
  const { config, log, metrics, tracing, find } = options;
  const verify = rarely(createServiceTokenVerifier(config.INTERNAL_JWT_SECRET));
  const seconds = requestSeconds(metrics);
  let saidAt = -Infinity;

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    carryOut: Call,
  ): Promise<void> {
    // No spaces, no replacer, no ETag to compute for megabytes of events.
    const made = JsonAnswer.bytesOf(await carryOut(await bodyOf(request)));
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Content-Length', made.byteLength);
    response.end(made);
  }

  function take(request: IncomingMessage, response: ServerResponse, path: string): void {
    const from = performance.now();
    // Before it is known to be one of ours, a name is a text that somebody made up, and no label.
    let route = 'none';
    response.once('finish', () => {
      const status = `${Math.floor(response.statusCode / 100)}xx`;
      seconds.observe({ route, status }, (performance.now() - from) / 1_000);
    });
    const fail = (error: unknown) => refuse(request, response, { error, path, log });
    try {
      check(request, response);
      if (request.method !== 'POST') throw new AppError('not_found', 'There is nothing here');
      const call = path.slice(PREFIX.length);
      const carryOut = find(call);
      const name = `POST /internal/${call}`;
      route = name;
      // What began elsewhere is continued; what services do by themselves begins no trace.
      const { traceparent } = request.headers;
      const parent = typeof traceparent === 'string' ? traceparent : undefined;
      const within = parent === undefined ? undefined : tracing;
      void traced(within, { name, kind: 'server', parent }, (span) =>
        // Within the span, so that what is logged belongs to it.
        answer(request, response, carryOut).catch((error: unknown) => {
          span?.fail(error);
          fail(error);
        }),
      );
    } catch (error) {
      fail(error);
    }
  }

  function check(request: IncomingMessage, response: ServerResponse): void {
    try {
      verify(request.headers.authorization);
    } catch (error) {
      // Tells this refusal from those that are meant for the caller of our caller.
      response.setHeader('WWW-Authenticate', 'Bearer realm="agent-messenger-internal"');
      if (performance.now() - saidAt > SAY_EVERY_MS) {
        saidAt = performance.now();
        log.error({ reason: String(error) }, 'calls without a valid service token are refused');
      }
      throw error;
    }
  }

  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path.startsWith(PREFIX)) take(request, response, path);
    else others(request, response);
  };
}

/** A caller sends the same token for half a minute. */
function rarely(
  verify: (authorization: string | undefined) => unknown,
): (authorization: string | undefined) => void {
  const until = new Map<string | undefined, number>();
  return (authorization) => {
    const now = performance.now();
    if ((until.get(authorization) ?? 0) > now) return;
    for (const [known, end] of until) if (end <= now) until.delete(known);
    verify(authorization);
    until.set(authorization, now + VERIFIED_MS);
  };
}

function bodyOf(request: IncomingMessage): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES) return void chunks.push(chunk);
      request.pause();
      reject(new AppError('payload_too_large', 'The body is too large'));
    });
    request.on('end', () => {
      try {
        resolve(parse(Buffer.concat(chunks)));
      } catch (error) {
        reject(unreadable(error));
      }
    });
    request.on('error', (error) => reject(unreadable(error)));
  });
}

/** Invalid UTF-8 is refused instead of being replaced. */
function parse(body: Buffer): unknown {
  if (!isUtf8(body)) throw new TypeError('not UTF-8');
  return JSON.parse(body.toString());
}

function unreadable(cause: unknown): AppError {
  return new AppError('invalid_payload', 'The request cannot be read', { cause });
}
