import type { Conversation } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Icon } from '../../ui/icon';
import { agentOf } from '../session/names';

export function EmptyThread({ conversation }: { conversation: Conversation | undefined }) {
  const w = words().thread;
  const name = conversation && agentOf(conversation)?.name;
  return (
    <div class="messages-frame empty">
      <Icon name="chat" />
      <h2>{w.start}</h2>
      {name !== undefined && <p>{w.startLead(name)}</p>}
    </div>
  );
}
