import { checkDocumented } from './check-documented';

export interface RestOptions {
  body?: unknown;
  /** JWT or API key. */
  bearer?: string;
  headers?: Record<string, string>;
}

export interface RestAnswer {
  status: number;
  /** Parsed JSON, or undefined for an empty body. */
  body: unknown;
}

/** One REST call as JSON, whatever the status; it rejects only when there is no answer. */
export async function callRest(
  url: string,
  method: string,
  path: string,
  { body, bearer, headers = {} }: RestOptions = {},
): Promise<RestAnswer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** As `callRest`, of our own gateways: an answer that the OpenAPI document does not have for its route rejects. */
export async function rest(...call: Parameters<typeof callRest>): Promise<RestAnswer> {
  const answer = await callRest(...call);
  const [, method, path] = call;
  checkDocumented(method, path, answer);
  return answer;
}
