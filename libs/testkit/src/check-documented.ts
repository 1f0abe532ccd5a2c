import { errorsOf, problemSchema, routes, type RouteContract } from '@agent-messenger/contracts';

const patterns = Object.values(routes).map((route: RouteContract) => ({
  route,
  path: new RegExp(`^${route.path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`),
}));

/**
 * Whether a refusal is one of those that clients are told of. Not of what is not found: on another port, or below
 * another path, the route may not be there at all. @throws Error
 */
export function checkDocumented(
  method: string,
  target: string,
  { status, body }: { status: number; body: unknown },
): void {
  if (status < 400 || status === 404) return;
  const [path = ''] = target.split('?');
  const known = patterns.find(
    (one) => one.route.method === method.toLowerCase() && one.path.test(path),
  );
  // Of health and readiness while a gateway drains.
  if (!known || known.route.drainingStatus === status) return;
  const problem = problemSchema.safeParse(body);
  const code = problem.data?.code;
  if (code !== undefined && errorsOf(known.route).includes(code)) return;
  throw new Error(`${method} ${path}: ${code ?? 'no problem'} (${status}) is not documented`);
}
