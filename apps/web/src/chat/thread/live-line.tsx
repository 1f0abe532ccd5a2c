import type { Conversation } from '@agent-messenger/sdk/browser';
import { listOf } from '../../i18n/format';
import { words } from '../../i18n/i18n';
import { Icon } from '../../ui/icon';
import { useMessenger } from '../messenger-context';
import { activityText } from '../session/activity-text';
import { nameIn } from '../session/names';

interface LiveLineProps {
  conversation: Conversation | undefined;
  conversationId: string;
}

/**
 * Who types, what agents are doing, and a way to stop what they write. Its place is always there: whoever begins to
 * type moves nothing.
 */
export function LiveLine({ conversation, conversationId }: LiveLineProps) {
  const messenger = useMessenger();
  const w = words().thread;
  const activities = messenger.activities.by.value.get(conversationId) ?? [];
  const typists = messenger.typists.by.value.get(conversationId) ?? [];
  const names = typists.map(({ identity_id: id }) => nameIn(conversation, id));
  const lines = activities.map(
    (each) => `${nameIn(conversation, each.identity_id)}: ${activityText(each)}`,
  );
  const writing = messenger.streams.of(conversationId).filter(({ status }) => status === 'writing');
  for (const { agent_id } of writing) {
    const isBusy = activities.some(({ identity_id }) => identity_id === agent_id);
    if (!isBusy) lines.push(w.writing(nameIn(conversation, agent_id)));
  }
  if (lines.length === 0 && names.length > 0) lines.push(w.typing(listOf(names)));
  return (
    <div class="live-line">
      <p aria-live="polite">
        {lines.length > 0 && (
          <>
            <span class="live-dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            <span dir="auto">{lines.join(' · ')}</span>
          </>
        )}
      </p>
      {writing.length > 0 && (
        <button
          type="button"
          class="stop"
          onClick={() => void Promise.all(writing.map((stream) => messenger.stop(stream)))}
        >
          <Icon name="stop" small />
          {w.stop}
        </button>
      )}
    </div>
  );
}
