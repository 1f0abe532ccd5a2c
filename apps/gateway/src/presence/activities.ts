import { LIMITS, type Event, type RequestPayload } from '@agent-messenger/contracts';
import type { Connection } from '../connections/connection';
import type { Leases } from '../connections/leases';
import type { EphemeralBus } from '../bus/ephemeral-bus';
import type { MemberCache } from '../member-cache';
import { Expiries } from './expiries';

/** What agents are doing. It ends when it is not renewed: nobody thinks for ever. */
export class Activities {
  private readonly expiries: Expiries;

  constructor(
    private readonly bus: EphemeralBus,
    private readonly members: MemberCache,
    leases: Pick<Leases, 'holder'>,
  ) {
    this.expiries = new Expiries({
      ttlMs: LIMITS.activityTtlMs,
      holder: (identityId) => leases.holder(identityId),
      end: (identityId, conversationId) =>
        this.publish(identityId, { conversation_id: conversationId, state: null }),
      handOver: (identity_id, conversation_id) =>
        bus.emit([identity_id], 'activity', { conversation_id, identity_id, state: null }),
    });
    bus.onOwn('activity', (connection, { conversation_id }) =>
      this.expiries.takeOver(connection, conversation_id),
    );
  }

  /** Told to the people of the conversation. @throws AppError `not_found` for agents that are no members */
  async set(connection: Connection, activity: RequestPayload<'activity'>): Promise<void> {
    await this.publish(connection.identity.id, activity);
    const { conversation_id, state } = activity;
    if (state === null) this.expiries.stop(connection, conversation_id);
    else this.expiries.begin(connection, conversation_id);
  }

  /** An event that the connection was written: with its own message the agent has done what it was doing. */
  noteEvent(connection: Connection, event: Event): void {
    this.expiries.noteEvent(connection, event);
  }

  private async publish(
    identity_id: string,
    { conversation_id, state, label }: Activity,
  ): Promise<void> {
    const others = await this.members.others(conversation_id, identity_id);
    const payload = { conversation_id, identity_id, state, ...(label !== undefined && { label }) };
    const people = others.filter(({ kind }) => kind === 'user');
    this.bus.emit(
      people.map(({ id }) => id),
      'activity',
      payload,
    );
  }
}

interface Activity extends Omit<RequestPayload<'activity'>, 'conversation_id'> {
  conversation_id: string;
}
