import type { CallRequest, CallResponse, Calls } from '@agent-messenger/contracts';
import type { RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { checkDependencies, type Dependencies } from './check-dependencies';
import { AppError } from './app-error';
import { answerProblem, createApp, createHttpServer, listen, notFound } from './http';
import type { JsonAnswer } from './json-answer';
import type { Logger } from './logger';
import { observeRequests } from './observe-requests';
import type { Scope } from './scope';
import { readinessMetrics } from './service-metrics';
import { takeCalls, type Call } from './take-calls';
import type { Tracing } from './tracing';

interface InternalServerOptions {
  config: {
    INTERNAL_PORT: number;
    HOST: string;
    INTERNAL_HOST?: string | undefined;
    INTERNAL_JWT_SECRET: string;
  };
  log: Logger;
  scope: Scope;
  metrics: Registry;
  tracing?: Tracing | undefined;
  /** What /livez tells. */
  version?: string | undefined;
}

/** One handler per call, as `Handlers`; what is JSON already need not be built again. */
export type ServedHandlers<C extends Calls> = {
  [N in keyof C]: (
    request: CallRequest<C, N>,
  ) => Promise<ServedAnswer<CallResponse<C, N>>> | ServedAnswer<CallResponse<C, N>>;
};
type ServedAnswer<T> = T | JsonAnswer<T>;

interface Served<C extends Calls> {
  calls?: C;
  handlers?: ServedHandlers<C>;
  dependencies?: Dependencies;
  /** Routes of this port beside the calls, that check by themselves who may use them. */
  rest?: RequestHandler | undefined;
}

export interface InternalServer {
  port: number;
  /**
   * From now on calls are carried out, until the scope is closed: then those under way are finished, others refused.
   */
  serve<C extends Calls>(served: Served<C>): void;
  /** Turns readiness on, and off again as the first step of closing. */
  ready(): void;
}

/**
 * The private port of a service: /livez, /readyz (`?brief`: without dependencies, `?only=name`: with one), /metrics
 * from the first moment on, and its calls, guarded by service tokens. Dependencies are told in the body of /readyz and
 * do not change its status: all replicas would vanish at once when a shared dependency does.
 */
export async function openInternalServer(options: InternalServerOptions): Promise<InternalServer> {
  const { config, log, scope, metrics, version } = options;
  const { ready, dependencyUp, dependencySeconds } = readinessMetrics(metrics);
  let state: 'starting' | 'ready' | 'draining' = 'starting';
  let dependencies: Dependencies = {};
  let find: ((name: string) => Call) | undefined;
  let isClosed = false;
  let rest: RequestHandler | undefined;
  ready.set(0);
  const app = createApp();

  const alive = { status: 'ok', ...(version !== undefined && { version }) };
  app.get('/livez', (_request, response) => void response.json(alive));
  app.get('/readyz', async (request, response) => {
    const { brief, only } = request.query;
    const wanted = Object.entries(dependencies).filter(
      ([name]) => only === undefined || name === only,
    );
    const checked =
      brief === undefined
        ? { dependencies: await checkDependencies(Object.fromEntries(wanted)) }
        : {};
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
  app.use((request, response, next) => (rest ? rest(request, response, next) : next()));
  app.use(notFound);
  app.use(answerProblem(log));

  function findNow(name: string): Call {
    if (!find) throw notNow();
    return find(name);
  }
  const port = await listen(
    createHttpServer(
      takeCalls({ config, log, metrics, tracing: options.tracing, find: findNow }, app),
    ),
    config.INTERNAL_PORT,
    config.INTERNAL_HOST ?? config.HOST,
    scope,
  );
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

function createFind<C extends Calls>(
  calls: C,
  handlers: ServedHandlers<C>,
): (name: string) => Call {
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
