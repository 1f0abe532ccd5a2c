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

/**
 * One REST call as JSON, whatever the status; it rejects when there is no answer, and when it is one that the OpenAPI document
 * does not have for its route.
 */
export async function rest(
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
  const answer = { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  checkDocumented(method, path, answer);
  return answer;
}
