import type { Calls, Handlers, Health } from '@agent-messenger/contracts';
import type { Registry } from 'prom-client';
import { AppError } from './errors';
import { answerProblem, createApp, createHttpServer, jsonBody, listen, notFound } from './http';
import type { Logger } from './logger';
import type { Scope } from './scope';
import { createServiceTokenVerifier } from './service-tokens';

/** Checks that a dependency answers; rejects when it does not. */
export type Dependencies = Record<string, () => Promise<unknown>>;

interface InternalServerOptions<C extends Calls> {
  config: { INTERNAL_PORT: number; HOST: string; INTERNAL_JWT_SECRET: string };
  log: Logger;
  scope: Scope;
  metrics: Registry;
  calls?: C;
  handlers?: Handlers<C>;
  dependencies?: Dependencies;
}

/** A batch of messages at their largest, with JSON's escapes. */
const BODY_BYTES = 32 * 1024 * 1024;

/**
 * The private port of a service: its calls, guarded by service tokens, and /livez, /readyz, /metrics.
 * `ready()` turns readiness on, and off again as the first step of closing. Dependencies are told in the body of
 * /readyz and do not change its status: all replicas would vanish at once when a shared dependency does.
 */
export async function serveInternal<C extends Calls>(
  options: InternalServerOptions<C>,
): Promise<{ port: number; ready(): void }> {
  const { config, log, scope, metrics, calls, handlers, dependencies = {} } = options;
  let state: 'starting' | 'ready' | 'draining' = 'starting';
  const app = createApp();

  app.get('/livez', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', async (_request, response) => {
    response
      .status(state === 'ready' ? 200 : 503)
      .json({ status: state, dependencies: await checkDependencies(dependencies) });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.metrics());
  });

  if (calls && handlers) {
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
    app.post<{ call: string }>(
      '/internal/:call',
      jsonBody(BODY_BYTES),
      async (request, response) => {
        const name = request.params.call;
        const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
        const handler = handlers[name];
        if (!call || !handler) {
          // Another version of a caller: to its caller that is a service which is not there yet.
          throw new AppError('unavailable', `There is no call ${name}`, { retryAfterMs: 5_000 });
        }
        const answer = await handler(call.request.parse(request.body) as never);
        // Not response.json(): no spaces, no replacer, no ETag to compute for megabytes of events.
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(answer));
      },
    );
  }
  app.use(notFound);
  app.use(answerProblem(log));

  const server = createHttpServer(app);
  const port = await listen(server, config.INTERNAL_PORT, config.HOST, scope);
  return {
    port,
    ready() {
      state = 'ready';
      scope.defer('readiness', () => {
        state = 'draining';
      });
    },
  };
}

/** Asks all dependencies at once, each with a deadline of 2 s. */
export async function checkDependencies(
  dependencies: Dependencies,
): Promise<Health['dependencies']> {
  const checked = Object.entries(dependencies).map(async ([name, check]) => {
    const from = performance.now();
    const answered = await withDeadline(check(), 2_000).then(
      () => true,
      () => false,
    );
    const latency = Math.round((performance.now() - from) * 10) / 10;
    return [
      name,
      {
        status: answered ? ('ok' as const) : ('down' as const),
        latency_ms: answered ? latency : null,
      },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(checked));
}

function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}
