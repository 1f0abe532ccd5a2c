import type { Conversation, Message } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Icon } from '../../ui/icon';

interface TicksProps {
  message: Message;
  conversation: Conversation | undefined;
}

/** How far an own message has come with all of the others. */
export function Ticks({ message, conversation }: TicksProps) {
  const w = words().thread;
  const others = (conversation?.members ?? []).filter(({ id }) => id !== message.sender.id);
  const hasAll = (position: 'delivered_seq' | 'read_seq') =>
    others.length > 0 && others.every((member) => member[position] >= message.seq);
  const isRead = hasAll('read_seq');
  const isDelivered = isRead || hasAll('delivered_seq');
  const label = isRead ? w.read : isDelivered ? w.delivered : w.sent;
  return (
    <span class={isRead ? 'ticks is-read' : 'ticks'} title={label}>
      <Icon name={isDelivered ? 'checks' : 'check'} small />
      <span class="visually-hidden">{label}</span>
    </span>
  );
}
