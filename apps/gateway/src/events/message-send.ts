import type { Message } from '@agent-messenger/contracts';
import type { Tracing } from '@agent-messenger/service-kit';
import type { AppendQueue } from '../writes/append-queue';
import type { RequestHandler } from '../requests/dispatch';

/**
 * Answered after the commit; the event of it leaves with the answer, behind it. The relay does not bring it: that would
 * be a message to this gateway for each that it has sent.
 */
export function messageSend(
  appends: AppendQueue,
  tracing: Pick<Tracing, 'current'> | undefined,
): RequestHandler<'message:send'> {
  return async ({ identity, epoch, feed }, send) => {
    const traceparent = tracing?.current();
    const done = feed?.expectOwn();
    try {
      return await appends.send(
        { ...send, identity_id: identity.id, epoch, own: true },
        ({ message, duplicate }) =>
          setImmediate(() => {
            // An append whose answer was lost is repeated: nobody has brought the event then, and now it may have been
            // edited.
            if (duplicate) void feed?.markBehind(message.conversation_id, message.seq);
            else feed?.offer(createdOf(message), traceparent);
          }),
      );
    } finally {
      if (done) setImmediate(done);
    }
  };
}

function createdOf(message: Message) {
  const { conversation_id, seq, sender: actor, created_at: at } = message;
  return { conversation_id, seq, type: 'message.created' as const, actor, at, message };
}
