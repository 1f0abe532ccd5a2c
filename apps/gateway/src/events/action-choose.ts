import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { AppendQueue } from '../writes/append-queue';
import { answerWhole, inTurnOf } from '../compact/answer-whole';
import type { RequestHandler } from '../requests/dispatch';

/** By a person; the first choice is the one. */
export function actionChoose(
  appends: AppendQueue,
  { readLog }: Pick<Client<typeof messagesCalls>, 'readLog'>,
): RequestHandler<'action:choose'> {
  return (connection, request) => {
    const { identity, epoch } = connection;
    const operation = { op: 'choose', ...request, identity_id: identity.id, epoch } as const;
    return answerWhole({ appends, readLog }, operation, { inTurn: inTurnOf(connection) });
  };
}
