import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { AppendQueue } from '../writes/append-queue';
import { answerWhole } from '../compact/answer-whole';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `reaction:set` over REST, off. */
export function removeReaction(
  appends: AppendQueue,
  { readLog }: Pick<Client<typeof messagesCalls>, 'readLog'>,
): RouteHandler<'removeReaction'> {
  return async ({ params, query }, caller) => {
    const identity_id = identityOf(caller).id;
    const operation = { op: 'react', ...params, set: false, identity_id, epoch: null } as const;
    const isCompact = query.compact !== undefined;
    return { body: await answerWhole({ appends, readLog }, operation, { isCompact }) };
  };
}
