import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import type { ForgetPerson } from '../connections/forget-person';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function eraseUser(
  messages: Pick<Client<typeof messagesCalls>, 'eraseUser'>,
  endCredentials: EndCredentials,
  forgetPerson: ForgetPerson,
): RouteHandler<'eraseUser'> {
  return async ({ params }, caller) => {
    const { ended } = await messages.eraseUser({ ...params, by: adminOrigin(caller) });
    await endCredentials(ended);
    await forgetPerson(params.user_id);
    return { body: undefined };
  };
}
