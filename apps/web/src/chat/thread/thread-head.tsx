import type { Conversation } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { IconButton } from '../../ui/button';
import { Avatar } from '../avatar';
import { useMessenger } from '../messenger-context';
import { agentOf, titleOf } from '../session/names';
import { ConversationMenu } from './conversation-menu';

export function ThreadHead({ conversation }: { conversation: Conversation | undefined }) {
  const messenger = useMessenger();
  const w = words();
  const agent = conversation && agentOf(conversation);
  const status = agent ? messenger.presence.value.get(agent.id) : undefined;
  return (
    <header class="thread-head">
      <span class="only-narrow">
        <IconButton icon="back" label={w.common.back} onClick={() => messenger.route.go(null)} />
      </span>
      {conversation ? (
        agent && <Avatar name={agent.name} id={agent.id} status={status} />
      ) : (
        <span class="avatar" />
      )}
      <div class="thread-title">
        <h1 dir="auto">{conversation ? titleOf(conversation) : w.common.loading}</h1>
        <p>
          {conversation?.title && agent && conversation.title !== agent.name && (
            <span dir="auto">{agent.name}</span>
          )}
          {status && <span>{w.presence[status]}</span>}
        </p>
      </div>
      {conversation && <ConversationMenu conversation={conversation} />}
    </header>
  );
}
