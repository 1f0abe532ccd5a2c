import type { Conversation, Message } from '@agent-messenger/sdk/browser';
import { listOf } from '../../i18n/format';
import { language, words } from '../../i18n/i18n';
import { useMessenger } from '../messenger-context';
import { nameIn } from '../session/names';

interface ReactionsProps {
  message: Message;
  conversation: Conversation | undefined;
}

export function Reactions({ message, conversation }: ReactionsProps) {
  const messenger = useMessenger();
  const w = words().thread;
  if (message.reactions.length === 0) return null;
  return (
    <div class="reactions">
      {message.reactions.map(({ emoji, identity_ids }) => {
        const isOwn = identity_ids.includes(messenger.person.id);
        const names = listOf(identity_ids.map((id) => nameIn(conversation, id)));
        const count = new Intl.NumberFormat(language()).format(identity_ids.length);
        return (
          <button
            key={emoji}
            type="button"
            class="reaction"
            aria-pressed={isOwn}
            aria-label={w.reactions(emoji, count, names)}
            title={names}
            onClick={() => void messenger.changes.react(message, emoji, !isOwn)}
          >
            {emoji} {count}
          </button>
        );
      })}
    </div>
  );
}
