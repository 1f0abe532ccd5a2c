import {
  routes,
  type RouteBody,
  type RouteContract,
  type RouteName,
  type RouteParams,
  type RouteQuery,
  type RouteResponse,
} from '@agent-messenger/contracts';
import type { Endpoints } from './endpoints';
import { fromHttp, MessengerError } from './errors';

interface Inputs<N extends RouteName> {
  params: { [K in keyof RouteParams<N>]: string };
  query: { [K in keyof RouteQuery<N>]: RouteQuery<N>[K] | number };
  body: RouteBody<N>;
}

interface Declared<N extends RouteName> {
  params: RouteParams<N>;
  query: RouteQuery<N>;
  body: RouteBody<N>;
}

/** What a route takes: `params`, `query`, `body`, those of them that it has. */
export type RestInput<N extends RouteName> = {
  [K in keyof Inputs<N> as Declared<N>[K] extends undefined ? never : K]: Inputs<N>[K];
};

export interface RestCredential {
  /** Instead of the session's own token. */
  bearer?: string;
  /** For routes of administrators. */
  adminKey?: string;
}

/** Where the tokens of a session come from; `discard` forgets one that was refused. */
export interface BearerSource {
  current(): Promise<string>;
  discard(token: string): void;
}

export interface RestOptions {
  timeoutMs?: number;
  tokens?: BearerSource;
}

/**
 * A repetition after a lost answer would do something else, or be told something else than the first try. All others
 * may be repeated: they carry a client_id, or set what is set already, or (a refresh) are made to be.
 */
const unrepeatable: ReadonlySet<RouteName> = new Set([
  'register',
  'createAgent',
  'createAgentKey',
  'createUser',
  'changePassword',
  'deleteAccount',
  'deleteConversation',
  'replayDeadPushes',
]);

/** `unauthorized` may mean the password in the body: with another token it would only be a second failure. */
const asksPassword: ReadonlySet<RouteName> = new Set(['changePassword', 'deleteAccount']);

/** The REST routes of the contract. Every failure is a MessengerError; without an answer it is `unreachable` or `timeout`. */
export class Rest {
  readonly #timeoutMs: number;
  readonly #tokens: BearerSource | undefined;

  constructor(
    private readonly endpoints: Endpoints,
    options: RestOptions = {},
  ) {
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#tokens = options.tokens;
  }

  async request<N extends RouteName>(
    name: N,
    input: RestInput<N>,
    credential: RestCredential = {},
  ): Promise<RouteResponse<N>> {
    const { caller } = routes[name];
    const own = credential.bearer === undefined && (caller === 'person' || caller === 'member');
    if (!own || !this.#tokens) return this.#anywhere(name, input, credential);
    const bearer = await this.#tokens.current();
    try {
      return await this.#anywhere(name, input, { ...credential, bearer });
    } catch (error) {
      const isRefused = error instanceof MessengerError && error.code === 'unauthorized';
      if (!isRefused || asksPassword.has(name)) throw error;
      // A clock that runs differently, or a suspended machine: the token may be older than it seems.
      this.#tokens.discard(bearer);
      return this.#anywhere(name, input, { ...credential, bearer: await this.#tokens.current() });
    }
  }

  async #anywhere<N extends RouteName>(
    name: N,
    input: RestInput<N>,
    credential: RestCredential,
  ): Promise<RouteResponse<N>> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(name, input, credential);
      } catch (error) {
        if (!(error instanceof MessengerError) || error.code !== 'unreachable') throw error;
        this.endpoints.rotate();
        if (tries >= this.endpoints.count || !isRepeatable(name, input)) throw error;
      }
    }
  }

  async #once<N extends RouteName>(
    name: N,
    input: RestInput<N>,
    { bearer, adminKey }: RestCredential,
  ): Promise<RouteResponse<N>> {
    const route: RouteContract = routes[name];
    const { params, query, body } = input as Partial<Record<keyof Inputs<N>, object>>;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (bearer !== undefined) headers['authorization'] = `Bearer ${bearer}`;
    if (adminKey !== undefined) headers['x-admin-key'] = adminKey;
    if (body !== undefined) headers['content-type'] = 'application/json';

    const url = this.endpoints.current + fill(route.path, params) + search(query);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: route.method.toUpperCase(),
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      text = await response.text();
    } catch (cause) {
      throw noAnswer(this.endpoints.current, cause);
    }
    const answer = parse(text);
    if (!response.ok) throw fromHttp(response.status, answer);
    const isEmpty = route.response === null && text === '';
    if (answer === undefined && !isEmpty) throw notJson(this.endpoints.current, response.status);
    return answer as RouteResponse<N>;
  }
}

function isRepeatable(name: RouteName, { body }: { body?: unknown }): boolean {
  // The one idempotency key that may be left out.
  if (name === 'createConversation')
    return (body as { client_id?: string }).client_id !== undefined;
  return !unrepeatable.has(name);
}

/** A proxy, or a portal that wants a login, answers in place of the gateway. */
function notJson(origin: string, status: number): MessengerError {
  return new MessengerError('unavailable', `${origin} did not answer with JSON`, { status });
}

function noAnswer(origin: string, cause: unknown): MessengerError {
  const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
  return timedOut
    ? new MessengerError('timeout', `${origin} did not answer in time`, { cause })
    : new MessengerError('unreachable', `${origin} is not reachable`, { cause });
}

function fill(path: string, params: object = {}): string {
  const values = params as Record<string, string>;
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

function search(query: object = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.append(name, String(value));
  }
  const text = given.toString();
  return text === '' ? '' : `?${text}`;
}

/** Undefined for an empty body and for what is not JSON, a proxy's error page for example. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
