import { LIMITS } from '@agent-messenger/contracts';
import type { Connection } from '../connections/connection';
import type { RequestHandler } from '../dispatch';
import type { EphemeralBus } from '../ephemeral-bus';
import type { MemberCache } from '../member-cache';

/** Told to the other members; ends by itself when it is not renewed, so that nobody types for ever. */
export function typing(bus: EphemeralBus, members: MemberCache): RequestHandler<'typing'> {
  const expiries = new WeakMap<Connection, Map<string, NodeJS.Timeout>>();

  return async (connection, { conversation_id, typing: isTyping }) => {
    const identity_id = connection.identity.id;
    const others = await members.others(conversation_id, identity_id);
    const tell = (typing: boolean) => {
      for (const { id } of others) bus.emit(id, 'typing', { conversation_id, identity_id, typing });
    };
    const timers = expiries.get(connection) ?? new Map<string, NodeJS.Timeout>();
    expiries.set(connection, timers);
    clearTimeout(timers.get(conversation_id));
    timers.delete(conversation_id);
    if (isTyping) {
      const expire = setTimeout(() => {
        timers.delete(conversation_id);
        tell(false);
      }, LIMITS.typingTtlMs);
      timers.set(conversation_id, expire.unref());
    }
    tell(isTyping);
    return {};
  };
}
