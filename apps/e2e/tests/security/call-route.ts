import { routes, type RouteContract, type RouteName } from '@agent-messenger/contracts';
import type { RestCredential } from '@agent-messenger/sdk';
import { rest, type RestAnswer } from '@agent-messenger/testkit';

/** What a route is given, right or wrong. */
export interface AnyInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** Path and query of a call. */
export function targetOf(name: RouteName, { params = {}, query = {} }: AnyInput): string {
  const path = routes[name].path.replace(/:(\w+)/g, (_, param: string) =>
    encodeURIComponent(textOf(params[param])),
  );
  const texts = Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, textOf(value)]),
  );
  const search = new URLSearchParams(texts).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** Calls a route with an input that need not fit, and says what is answered, word for word. */
export function callRoute(
  url: string,
  name: RouteName,
  input: AnyInput,
  { bearer, adminKey }: RestCredential,
): Promise<RestAnswer> {
  const { method }: RouteContract = routes[name];
  return rest(url, method.toUpperCase(), targetOf(name, input), {
    ...(input.body !== undefined && { body: input.body }),
    ...(bearer !== undefined && { bearer }),
    ...(adminKey !== undefined && { headers: { 'x-admin-key': adminKey } }),
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : (JSON.stringify(value) ?? '');
}
