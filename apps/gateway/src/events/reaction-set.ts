import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { AppendQueue } from '../writes/append-queue';
import type { RequestHandler } from '../requests/dispatch';
import { answerWhole, inTurnOf } from '../compact/answer-whole';

/** The own reaction with one emoji, on or off. */
export function reactionSet(
  appends: AppendQueue,
  { readLog }: Pick<Client<typeof messagesCalls>, 'readLog'>,
): RequestHandler<'reaction:set'> {
  return (connection, request) => {
    const { identity, epoch, isCompact } = connection;
    const operation = { op: 'react', ...request, identity_id: identity.id, epoch } as const;
    const inTurn = inTurnOf(connection);
    return answerWhole({ appends, readLog }, operation, { isCompact, inTurn });
  };
}
