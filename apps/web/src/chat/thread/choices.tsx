import { useEffect, useState } from 'preact/hooks';
import type { Conversation, Message } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { useMessenger } from '../messenger-context';
import { nameIn } from '../session/names';

interface ChoicesProps {
  message: Message;
  conversation: Conversation | undefined;
}

/** What an agent asks, as buttons; what was chosen, and by whom. */
export function Choices({ message, conversation }: ChoicesProps) {
  const messenger = useMessenger();
  const w = words().thread;
  const [isBusy, setBusy] = useState(false);
  const { actions, choice, actions_expire_at } = message;
  const isExpired = useHasPassed(actions_expire_at);
  if (!actions) return null;
  if (choice) {
    const label = actions.find(({ id }) => id === choice.action_id)?.label ?? choice.action_id;
    return (
      <p class="chosen">
        <Icon name="check" small />
        {w.chosenBy(nameIn(conversation, choice.by.id), label)}
      </p>
    );
  }
  if (isExpired) return <p class="chosen">{w.choicesExpired}</p>;
  return (
    <div class="choices" role="group">
      {actions.map(({ id, label, style }) => (
        <Button
          key={id}
          look={style}
          disabled={isBusy}
          onClick={() => {
            setBusy(true);
            void messenger.changes.choose(message, id).finally(() => setBusy(false));
          }}
        >
          {label}
        </Button>
      ))}
    </div>
  );
}

/** The longest time that a timer of a browser can wait, ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whether that moment has passed, rendered again when it does. */
function useHasPassed(moment: string | undefined): boolean {
  const leftMs = moment === undefined ? Infinity : Date.parse(moment) - Date.now();
  const [, renderAgain] = useState(0);
  useEffect(() => {
    if (leftMs <= 0 || leftMs > LONGEST_TIMER_MS) return;
    const timer = setTimeout(() => renderAgain(Date.now()), leftMs + 1);
    return () => clearTimeout(timer);
  }, [moment]);
  return leftMs <= 0;
}
