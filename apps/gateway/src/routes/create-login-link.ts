import type { authCalls, Client } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The answer is the only place where the code is ever shown. */
export function createLoginLink(
  auth: Pick<Client<typeof authCalls>, 'createLoginLink'>,
): RouteHandler<'createLoginLink'> {
  return async ({ params }, caller) => ({
    body: await auth.createLoginLink({ ...params, by: adminOrigin(caller) }),
  });
}
