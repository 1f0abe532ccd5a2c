import type { Event } from '@agent-messenger/contracts';
import type { Connection } from '../connections/connection';

interface ExpiriesOptions {
  ttlMs: number;
  /** The connection that has the lease of an identity, on whichever gateway; null when there is none. */
  holder: (identityId: string) => Promise<string | null>;
  /** Tells the others that it has ended. */
  end: (identityId: string, conversationId: string) => Promise<void>;
  /** Leaves that to the gateway of the identity's connection: it may have been said again over there. */
  handOver: (identityId: string, conversationId: string) => void;
}

/**
 * What an identity says about itself in a conversation, for as long as it is renewed. It is kept with the connection
 * that said it; after a reconnect the connection that there is then knows whether it still holds.
 */
export class Expiries {
  private readonly timers = new WeakMap<Connection, Map<string, NodeJS.Timeout>>();

  constructor(private readonly options: ExpiriesOptions) {}

  /** Begins, or is renewed. */
  begin(connection: Connection, conversationId: string): void {
    this.stop(connection, conversationId);
    const timers = this.timers.get(connection) ?? new Map<string, NodeJS.Timeout>();
    this.timers.set(connection, timers);
    const expire = () => {
      timers.delete(conversationId);
      void this.expire(connection, conversationId);
    };
    timers.set(conversationId, setTimeout(expire, this.options.ttlMs).unref());
  }

  /** Its end was said. */
  stop(connection: Connection, conversationId: string): void {
    const timers = this.timers.get(connection);
    clearTimeout(timers?.get(conversationId));
    timers?.delete(conversationId);
  }

  /**
   * An event that the connection was written. With the own message it is over, whichever way that was sent: over this
   * connection, REST or another gateway.
   */
  noteEvent(connection: Connection, { type, actor, conversation_id }: Event): void {
    if (type !== 'message.created' || actor.id !== connection.identity.id) return;
    if (!this.has(connection, conversation_id)) return;
    this.stop(connection, conversation_id);
    void this.end(connection, conversation_id);
  }

  /** It has run out where an earlier connection of the identity had said it. */
  takeOver(connection: Connection, conversationId: string): void {
    if (!this.has(connection, conversationId)) void this.end(connection, conversationId);
  }

  private has(connection: Connection, conversationId: string): boolean {
    return this.timers.get(connection)?.has(conversationId) ?? false;
  }

  private async expire(connection: Connection, conversationId: string): Promise<void> {
    if (connection.isCurrent) return this.end(connection, conversationId);
    const { holder, handOver } = this.options;
    const { id } = connection.identity;
    // While Redis is away nobody can be asked.
    const current = await holder(id).catch(() => null);
    if (current === null) return this.end(connection, conversationId);
    handOver(id, conversationId);
  }

  private async end({ identity }: Connection, conversationId: string): Promise<void> {
    await this.options.end(identity.id, conversationId).catch(() => {
      // Its members cannot be asked now, or it is none any more: readers let it expire themselves.
    });
  }
}
