import { LIMITS, type Event } from '@agent-messenger/contracts';
import type { Connection } from '../connections/connection';
import type { Leases } from '../connections/leases';
import type { EphemeralBus } from '../bus/ephemeral-bus';
import type { MemberCache } from '../member-cache';
import { Expiries } from './expiries';

/** Who types where. It ends when it is not renewed, so that nobody types for ever. */
export class Typists {
  private readonly expiries: Expiries;

  constructor(
    private readonly bus: EphemeralBus,
    private readonly members: MemberCache,
    leases: Pick<Leases, 'holder'>,
  ) {
    this.expiries = new Expiries({
      ttlMs: LIMITS.typingTtlMs,
      holder: (identityId) => leases.holder(identityId),
      end: (identityId, conversationId) => this.publish(identityId, conversationId, false),
      handOver: (identity_id, conversation_id) =>
        bus.emit([identity_id], 'typing', { conversation_id, identity_id, typing: false }),
    });
    bus.onOwn('typing', (connection, { conversation_id }) =>
      this.expiries.takeOver(connection, conversation_id),
    );
  }

  /** Told to the other members. @throws AppError `not_found` for those who are none */
  async set(connection: Connection, conversationId: string, isTyping: boolean): Promise<void> {
    await this.publish(connection.identity.id, conversationId, isTyping);
    if (isTyping) this.expiries.begin(connection, conversationId);
    else this.expiries.stop(connection, conversationId);
  }

  /** An event that the connection was written: the own message is what was being typed. */
  noteEvent(connection: Connection, event: Event): void {
    this.expiries.noteEvent(connection, event);
  }

  private async publish(
    identity_id: string,
    conversation_id: string,
    typing: boolean,
  ): Promise<void> {
    const others = await this.members.others(conversation_id, identity_id);
    const to = others.map(({ id }) => id);
    this.bus.emit(to, 'typing', { conversation_id, identity_id, typing });
  }
}
