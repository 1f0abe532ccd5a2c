import type { Conversation } from '@agent-messenger/sdk/browser';

type Member = Conversation['members'][number];

export function agentOf({ members }: Conversation): Member | undefined {
  return members.find(({ kind }) => kind === 'agent');
}

export function titleOf(conversation: Conversation): string {
  return conversation.title ?? agentOf(conversation)?.name ?? conversation.id;
}

export function nameIn(conversation: Conversation | undefined, id: string): string {
  return conversation?.members.find((member) => member.id === id)?.name ?? id;
}
