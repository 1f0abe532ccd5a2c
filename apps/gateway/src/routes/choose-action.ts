import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { AppendQueue } from '../writes/append-queue';
import { answerWhole } from '../compact/answer-whole';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `action:choose` over REST. */
export function chooseAction(
  appends: AppendQueue,
  { readLog }: Pick<Client<typeof messagesCalls>, 'readLog'>,
): RouteHandler<'chooseAction'> {
  return async ({ params, body }, caller) => {
    const identity_id = identityOf(caller).id;
    const operation = { op: 'choose', ...params, ...body, identity_id, epoch: null } as const;
    return { body: await answerWhole({ appends, readLog }, operation) };
  };
}
