import type { Client, Event, Member, messagesCalls } from '@agent-messenger/contracts';
import { upToEntries } from '@agent-messenger/service-kit';
import { LRUCache } from 'lru-cache';

/** Members of conversations for ephemeral events, of this gateway. What is durable asks the store, always. */
export class MemberCache {
  /** A missed invalidation tells a former member of typing for at most a minute. */
  private readonly members = new LRUCache<string, Member[]>({
    ...upToEntries(10_000),
    ttl: 60_000,
  });

  constructor(private readonly listMembers: Client<typeof messagesCalls>['listMembers']) {}

  /** The other members, if the caller is one. @throws AppError `not_found` */
  async others(conversationId: string, identityId: string): Promise<Member[]> {
    let members = this.members.get(conversationId);
    if (!members?.some(({ id }) => id === identityId)) {
      // Not a member as far as we remember: the store decides.
      ({ members } = await this.listMembers({
        identity_id: identityId,
        conversation_id: conversationId,
      }));
      this.members.set(conversationId, members);
    }
    return members.filter(({ id }) => id !== identityId);
  }

  /** As the store has just said. */
  note(conversationId: string, members: Member[]): void {
    this.members.set(conversationId, members);
  }

  invalidate({ type, conversation_id }: Event): void {
    if (type === 'member.added' || type === 'member.removed' || type === 'conversation.deleted') {
      this.members.delete(conversation_id);
    }
  }
}
