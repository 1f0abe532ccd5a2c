import type { Calls, Handlers } from '@agent-messenger/contracts';
import type { Express, RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { checkDependencies, type Dependencies } from './check-dependencies';
import { AppError } from './errors';
import { answerProblem, createApp, createHttpServer, jsonBody, listen, notFound } from './http';
import type { Logger } from './logger';
import { observeRequests } from './observe-requests';
import type { Scope } from './scope';
import { readinessMetrics } from './service-metrics';
import { createServiceTokenVerifier } from './service-tokens';
import { traced, type Tracing } from './tracing';

interface InternalServerOptions {
  config: { INTERNAL_PORT: number; HOST: string; INTERNAL_JWT_SECRET: string };
  log: Logger;
  scope: Scope;
  metrics: Registry;
  tracing?: Tracing | undefined;
}

interface Served<C extends Calls> {
  calls?: C;
  handlers?: Handlers<C>;
  dependencies?: Dependencies;
  /** Routes of this port beside the calls, that check by themselves who may use them. */
  rest?: RequestHandler | undefined;
}

export interface InternalServer {
  port: number;
  /** From now on calls are carried out, until the scope is closed: then those under way are finished, others refused. */
  serve<C extends Calls>(served: Served<C>): void;
  /** Turns readiness on, and off again as the first step of closing. */
  ready(): void;
}

/** A batch of messages at their largest, with JSON's escapes. */
const BODY_BYTES = 32 * 1024 * 1024;

/**
 * The private port of a service: /livez, /readyz, /metrics from the first moment on, and its calls, guarded by service
 * tokens. Dependencies are told in the body of /readyz and do not change its status: all replicas would vanish at once
 * when a shared dependency does.
 */
export async function openInternalServer(options: InternalServerOptions): Promise<InternalServer> {
  const { config, log, scope, metrics } = options;
  const { ready, dependencyUp, dependencySeconds } = readinessMetrics(metrics);
  let state: 'starting' | 'ready' | 'draining' = 'starting';
  let dependencies: Dependencies = {};
  let find: ((name: string) => Call) | undefined;
  let isClosed = false;
  let rest: RequestHandler | undefined;
  ready.set(0);
  const app = createApp();

  app.get('/livez', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', async (request, response) => {
    const isBrief = request.query['brief'] !== undefined;
    const checked = isBrief ? {} : { dependencies: await checkDependencies(dependencies) };
    response.status(state === 'ready' ? 200 : 503).json({ status: state, ...checked });
  });
  app.get('/metrics', async (_request, response) => {
    for (const [dependency, { status, latency_ms }] of Object.entries(
      await checkDependencies(dependencies),
    )) {
      dependencyUp.set({ dependency }, status === 'ok' ? 1 : 0);
      if (latency_ms !== null) dependencySeconds.set({ dependency }, latency_ms / 1_000);
    }
    // What is measured when it is asked for may be closed by now.
    if (isClosed) throw notNow();
    response.type(metrics.contentType).send(await metrics.metrics());
  });
  app.use(observeRequests(metrics));
  takeCalls(app, options, (name) => {
    if (!find) throw notNow();
    return find(name);
  });
  app.use((request, response, next) => (rest ? rest(request, response, next) : next()));
  app.use(notFound);
  app.use(answerProblem(log));

  const port = await listen(createHttpServer(app), config.INTERNAL_PORT, config.HOST, scope);
  return {
    port,
    serve({ calls, handlers, dependencies: given = {}, rest: further }) {
      dependencies = given;
      rest = further;
      scope.defer('metrics endpoint', () => (isClosed = true));
      if (!calls || !handlers) return;
      const running = new Set<Promise<unknown>>();
      const findCall = createFind(calls, handlers);
      find = (name) => {
        const carryOut = findCall(name);
        return async (body) => {
          const done = carryOut(body);
          running.add(done);
          return done.finally(() => running.delete(done));
        };
      };
      scope.defer('calls', () => {
        find = undefined;
        return Promise.allSettled(running);
      });
    },
    ready() {
      state = 'ready';
      ready.set(1);
      scope.defer('readiness', () => {
        state = 'draining';
        ready.set(0);
      });
    },
  };
}

/** The private port of what has nothing to wait for: its calls are carried out at once. */
export async function serveInternal<C extends Calls>(
  options: InternalServerOptions & Served<C>,
): Promise<InternalServer> {
  const server = await openInternalServer(options);
  server.serve(options);
  return server;
}

type Call = (body: unknown) => Promise<unknown>;

function takeCalls(
  app: Express,
  { config, log, tracing }: InternalServerOptions,
  find: (name: string) => Call,
): void {
  const verify = createServiceTokenVerifier(config.INTERNAL_JWT_SECRET);
  app.use('/internal', (request, response, next) => {
    try {
      verify(request.headers.authorization);
    } catch (error) {
      // Tells this refusal from those that are meant for the caller of our caller.
      response.setHeader('WWW-Authenticate', 'Bearer realm="agent-messenger-internal"');
      log.error({ reason: String(error) }, 'a call without a valid service token was refused');
      throw error;
    }
    next();
  });
  app.post<{ call: string }>('/internal/:call', jsonBody(BODY_BYTES), (request, response, next) => {
    const carryOut = find(request.params.call);
    const name = `POST /internal/${request.params.call}`;
    // Only now: before it is known to be one of ours it is a text that somebody made up, and no label.
    response.locals['route'] = name;
    const answer = async () => {
      // Not response.json(): no spaces, no replacer, no ETag to compute for megabytes of events.
      const text = JSON.stringify(await carryOut(request.body));
      response.setHeader('Content-Type', 'application/json');
      response.end(text);
    };
    // What began elsewhere is continued; what services do by themselves begins no trace.
    const { traceparent } = request.headers;
    const parent = typeof traceparent === 'string' ? traceparent : undefined;
    const within = parent === undefined ? undefined : tracing;
    void traced(within, { name, kind: 'server', parent }, (span) =>
      // Within the span, so that what is logged belongs to it.
      answer().catch((error: unknown) => {
        span?.fail(error);
        next(error);
      }),
    );
  });
}

function createFind<C extends Calls>(calls: C, handlers: Handlers<C>): (name: string) => Call {
  return (name) => {
    const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
    const handler = handlers[name];
    if (!call || !handler) {
      // Another version of a caller: to its caller that is a service which is not there yet.
      throw new AppError('unavailable', `There is no call ${name}`, { retryAfterMs: 5_000 });
    }
    return async (body) => handler(call.request.parse(body) as never);
  };
}

function notNow(): AppError {
  return new AppError('unavailable', 'This service is starting or ending', { retryAfterMs: 1_000 });
}
