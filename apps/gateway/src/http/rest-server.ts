import type {
  RouteContract,
  RouteInput,
  RouteName,
  RouteResponse,
} from '@agent-messenger/contracts';
import { routes, type ErrorCode } from '@agent-messenger/contracts';
import {
  answerProblem,
  AppError,
  createApp,
  jsonBody,
  notFound,
  observeRequests,
  traced,
} from '@agent-messenger/service-kit';
import type { JsonAnswer, JsonStream, Logger, Tracing } from '@agent-messenger/service-kit';
import cors from 'cors';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import type { Registry } from 'prom-client';
import type { RateLimits } from '../limits/rate-limits';
import { enforce } from '../limits/allowance';
import type { Caller, Callers } from './callers';
import type { ClientAddress } from './client-address/client-address';
import { ReadTurns } from './read-turns';
import {
  chargeAnswer,
  countCall,
  LIMIT_HEADERS,
  setBudgetHeaders,
  type Outcome,
} from './route-limits';
import { UnsentAnswers } from './unsent-answers';
import { upgradeRequired } from './upgrade-required';

/** A message at its bounds, with JSON's escapes. */
const MESSAGE_BYTES = 512 * 1024;
const HAS_MESSAGE: ReadonlySet<RouteName> = new Set(['sendMessage', 'editMessage']);
/**
 * All other bodies. Many of them come from strangers, and 512 KiB of JSON that is made to be slow, nested arrays or
 * nothing but keys, cost 25 ms of the one thread (Node 20).
 */
const BODY_BYTES = 64 * 1024;
/** How long a browser may keep what a preflight was answered; more than two hours none does. */
const CORS_MAX_AGE_S = 7_200;

/** Of what a request says. Not that a name is taken: names are not to be tried out for nothing. */
const REFUSALS = new Set<ErrorCode>(['invalid_payload', 'forbidden']);

/** Browsers ask nobody for a Bearer. */
const CHALLENGE = 'Bearer realm="agent-messenger"';

interface Answer<N extends RouteName> {
  body: RouteResponse<N> | JsonAnswer<RouteResponse<N>> | JsonStream<RouteResponse<N>>;
  /** The contract's, unless another one is more exact. */
  status?: number;
}

export type RouteHandler<N extends RouteName> = (
  input: RouteInput<N>,
  caller: Caller,
) => Promise<Answer<N>>;

/** One handler per route; a missing one does not compile. */
export type RouteHandlers = { [N in RouteName]: RouteHandler<N> };

export interface RestOptions {
  /** Which routes there are on this port. */
  serves(route: RouteContract): boolean;
  /** For browsers, on this port. */
  pages: readonly (RequestHandler | undefined)[];
  limits: RateLimits;
  clientIp: ClientAddress;
  /** Of pages that may call it from elsewhere. */
  corsOrigins: string[];
  /** How long a client may take for each 64 KiB of a large answer. */
  stallMs: number;
  log: Logger;
  metrics: Registry;
  tracing: Tracing | undefined;
}

/**
 * The REST API: routes of the contract, each counted, its caller checked and its input parsed here and nowhere else.
 */
export function createRestServer(
  handlers: RouteHandlers,
  callers: Callers,
  { serves, pages, limits, clientIp, corsOrigins, stallMs, log, metrics, tracing }: RestOptions,
): Express {
  const app = createApp();
  app.use(observeRequests(metrics));
  app.use(helmet());
  // A page that CORS blocks may see that there is an answer, so that it can tell this from nothing being there.
  app.use(routes.health.path, helmet.crossOriginResourcePolicy({ policy: 'cross-origin' }));
  app.use(corsFor(corsOrigins));
  app.use(async (request, response, next) => {
    const budget = await limits.requests.count(clientIp(request));
    setBudgetHeaders(response, [budget]);
    enforce([budget]);
    next();
  });
  app.use(answerPreflight);
  app.use(upgradeRequired);
  const unsent = new UnsentAnswers(stallMs);
  const turns = new ReadTurns();
  for (const page of pages) if (page) app.use(page);
  const [message, other] = [MESSAGE_BYTES, BODY_BYTES].map((bytes) =>
    jsonBody(bytes, { exactNumbers: true }),
  ) as [RequestHandler, RequestHandler];

  for (const name of Object.keys(routes) as RouteName[]) {
    const route: RouteContract = routes[name];
    if (!serves(route)) continue;
    const handler = handlers[name] as unknown as RouteHandler<'health'>;
    const body = HAS_MESSAGE.has(name) ? message : other;
    const inTurn = ({ identity }: Caller, response: Response, answer: () => Promise<void>) => {
      if (route.method !== 'get' || !identity) return answer();
      // Nothing is read for who is gone when its turn comes.
      return turns.run(identity.id, async () => (response.destroyed ? undefined : answer()));
    };
    const span = { name: `${route.method.toUpperCase()} ${route.path}`, kind: 'server' } as const;
    app[route.method](route.path, async (request, response, next) => {
      // Who calls comes first: strangers do not get to send bodies.
      const caller = await callers.check(route.caller, request);
      const { budgets, settle } = await countCall(limits, name, route, caller);
      setBudgetHeaders(response, budgets);
      enforce(budgets);
      body(request, response, (error?: unknown) => {
        if (error) return void settle('refused').then(() => next(error), next);
        const answerIt = async () => {
          const { body: answer, status = route.status } = await settled(settle, (parsed) => {
            const input = parseInput(route, request) as unknown as RouteInput<'health'>;
            parsed();
            return handler(input, caller);
          });
          response.status(status);
          if (answer === undefined) response.end();
          else {
            await unsent.send({ response, ip: caller.ip }, answer, (bytes) =>
              chargeAnswer(limits, name, route, { ...caller, bytes }),
            );
          }
        };
        // Within the span, so that what is logged belongs to it.
        void traced(tracing, span, (opened) =>
          inTurn(caller, response, answerIt).catch((error: unknown) => {
            opened?.fail(error);
            next(error);
          }),
        );
      });
    });
  }
  app.use(notFound);
  app.use(challenge);
  app.use(answerProblem(log));
  return app;
}

/** Carries a call out, and says before its answer what came of it. */
async function settled<T>(
  settle: (outcome: Outcome) => Promise<void>,
  carryOut: (parsed: () => void) => Promise<T>,
): Promise<T> {
  let isParsed = false;
  let outcome: Outcome = 'unknown';
  try {
    const answer = await carryOut(() => (isParsed = true));
    outcome = 'done';
    return answer;
  } catch (error) {
    const isRefusal = !isParsed || (error instanceof AppError && REFUSALS.has(error.code));
    if (isRefusal) outcome = 'refused';
    throw error;
  } finally {
    await settle(outcome);
  }
}

/**
 * Only sets headers, so that also what is refused has them; preflights are counted before they are answered. Callers
 * present tokens, not cookies: no credentials. X-Admin-Key is not for pages.
 */
function corsFor(origins: string[]): RequestHandler {
  return cors({
    origin: origins,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type'],
    exposedHeaders: [...LIMIT_HEADERS, 'X-Request-Id'],
    maxAge: CORS_MAX_AGE_S,
    preflightContinue: true,
  });
}

const answerPreflight: RequestHandler = ({ method }, response, next) => {
  if (method === 'OPTIONS') response.status(204).end();
  else next();
};

/**
 * RFC 9110 asks it of every 401. Here and not where all services answer: to the clients of their calls it means that
 * the token of the service itself is refused.
 */
const challenge: ErrorRequestHandler = (error, _request, response, next) => {
  const isRefusal = error instanceof AppError && error.code === 'unauthorized';
  if (isRefusal && !response.headersSent) response.setHeader('WWW-Authenticate', CHALLENGE);
  next(error);
};

function parseInput(
  route: RouteContract,
  request: Request,
): { params: unknown; query: unknown; body: unknown } {
  const params = route.params?.safeParse(request.params);
  if (params && !params.success) {
    // An id of the wrong form names nothing: the same answer as for one that does not exist.
    const isId = params.error.issues.some(({ path }) => String(path[0]).endsWith('_id'));
    throw isId ? new AppError('not_found', 'There is nothing here') : params.error;
  }
  if (route.body && !request.is('application/json')) {
    throw new AppError('unsupported_media_type', 'The body must be application/json');
  }
  return {
    params: params?.data,
    query: route.query?.parse(request.query),
    body: route.body?.parse(request.body),
  };
}
