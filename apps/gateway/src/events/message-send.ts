import type { Message } from '@agent-messenger/contracts';
import type { Tracing } from '@agent-messenger/service-kit';
import type { AppendQueue } from '../writes/append-queue';
import type { RequestHandler } from '../dispatch';

/** Answered after the commit; the event of it leaves with the answer, behind it. */
export function messageSend(
  appends: AppendQueue,
  tracing: Pick<Tracing, 'current'> | undefined,
): RequestHandler<'message:send'> {
  return async ({ identity, epoch, feed }, send) => {
    const sent = await appends.send({ ...send, identity_id: identity.id, epoch });
    if (!sent.duplicate) {
      const traceparent = tracing?.current();
      setImmediate(() => feed?.offerOwn(createdOf(sent.message), traceparent));
    }
    return sent;
  };
}

function createdOf(message: Message) {
  const { conversation_id, seq, sender: actor, created_at: at } = message;
  return { conversation_id, seq, type: 'message.created' as const, actor, at, message };
}
