import type {
  RouteBody,
  RouteName,
  RouteParams,
  RouteQuery,
  RouteResponse,
} from '@agent-messenger/contracts';
import { contract } from './contract/contract';
import type { Endpoints } from './endpoints';
import { fromHttp, MessengerError } from './errors';
import { pageOrigin } from './host';

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
  [K in Taken<N> as MayBeEmpty<N, K> extends true ? never : K]: Inputs<N>[K];
} & {
  [K in Taken<N> as MayBeEmpty<N, K> extends true ? K : never]?: Inputs<N>[K];
};
type Taken<N extends RouteName> = {
  [K in keyof Inputs<N>]: Declared<N>[K] extends undefined ? never : K;
}[keyof Inputs<N>];
/** A query of which every field may be absent may be absent. */
type MayBeEmpty<N extends RouteName, K extends keyof Inputs<N>> = K extends 'query'
  ? Record<never, never> extends Inputs<N>[K]
    ? true
    : false
  : false;

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

const LOOK_MS = 2_000;

/**
 * The REST routes of the contract. Every failure is a MessengerError; without an answer it is `unreachable` or
 * `timeout`.
 */
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
    const { caller } = contract.routes[name];
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
    const route = contract.routes[name];
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
      throw await noAnswer(this.endpoints.current, cause);
    }
    const answer = parse(text);
    if (!response.ok) throw fromHttp(response.status, answer);
    const isEmpty = !route.answers && text === '';
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
function notJson(url: string, status: number): MessengerError {
  return new MessengerError('unavailable', `${url} did not answer with JSON`, { status });
}

async function noAnswer(url: string, cause: unknown): Promise<MessengerError> {
  const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
  if (timedOut) return new MessengerError('timeout', `${url} did not answer in time`, { cause });
  const page = pageOrigin();
  const isBlocked = page !== null && new URL(url).origin !== page && (await answersUnread(url));
  const message = isBlocked
    ? `${url} answers, but ${page} may not read it: CORS_ORIGINS of the gateway must name that origin (a proxy that answers in its place looks the same)`
    : `${url} is not reachable`;
  return new MessengerError('unreachable', message, { cause });
}

/** Browsers do not tell what CORS blocked from what was not there; without reading the answer they let us ask. */
async function answersUnread(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(LOOK_MS);
  return fetch(`${url}/health`, { mode: 'no-cors', signal }).then(
    () => true,
    () => false,
  );
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
