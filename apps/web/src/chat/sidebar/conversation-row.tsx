import type { Conversation } from '@agent-messenger/sdk/browser';
import { shortMoment, wholeMoment } from '../../i18n/format';
import { language, words } from '../../i18n/i18n';
import { Icon } from '../../ui/icon';
import { Avatar } from '../avatar';
import { useMessenger } from '../messenger-context';
import { activityText } from '../session/activity-text';
import { agentOf, titleOf } from '../session/names';
import { plainText } from './plain-text';

interface RowProps {
  conversation: Conversation;
  isOpen: boolean;
  /** One row can be reached by Tab, the others by arrow keys. */
  isTabStop: boolean;
  onOpen: (id: string) => void;
}

export function ConversationRow({ conversation, isOpen, isTabStop, onOpen }: RowProps) {
  const messenger = useMessenger();
  const w = words();
  const { id, last_message, unread_count, muted, tags, created_at } = conversation;
  const agent = agentOf(conversation);
  const status = agent ? messenger.presence.value.get(agent.id) : undefined;
  const at = last_message?.created_at ?? created_at;
  const isUnread = unread_count > 0;
  const count = new Intl.NumberFormat(language()).format(unread_count);
  return (
    <a
      href={`#${id}`}
      data-id={id}
      class={isUnread && !muted ? 'row is-unread' : 'row'}
      aria-current={isOpen ? 'page' : undefined}
      tabIndex={isTabStop ? 0 : -1}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        onOpen(id);
      }}
    >
      <Avatar name={agent?.name ?? titleOf(conversation)} id={agent?.id ?? id} status={status} />
      <span class="row-text">
        <span class="row-line">
          <strong dir="auto">{titleOf(conversation)}</strong>
          {muted && (
            <span title={w.list.muted}>
              <Icon name="mute" small />
            </span>
          )}
          <time datetime={at} title={wholeMoment(at)}>
            {shortMoment(at)}
          </time>
        </span>
        <span class="row-line">
          <Preview conversation={conversation} />
          {tags.slice(0, 2).map((tag) => (
            <span key={tag} class="tag">
              {tag}
            </span>
          ))}
          {isUnread && (
            <span class={muted ? 'badge is-muted' : 'badge'}>
              <span aria-hidden="true">{unread_count > 99 ? '99+' : count}</span>
              <span class="visually-hidden">{w.list.unreadCount(count)}</span>
            </span>
          )}
        </span>
      </span>
    </a>
  );
}

function Preview({ conversation }: { conversation: Conversation }) {
  const messenger = useMessenger();
  const w = words().list;
  const { id, last_message } = conversation;
  const [activity] = messenger.activities.by.value.get(id) ?? [];
  const isWriting =
    messenger.streams.of(id).some(({ status }) => status === 'writing') ||
    (messenger.typists.by.value.get(id) ?? []).length > 0;
  if (activity ?? isWriting) {
    return (
      <span class="row-preview is-live" dir="auto">
        {activity && !isWriting ? activityText(activity) : w.typing}
      </span>
    );
  }
  const draft = messenger.drafts.all.value.get(id);
  if (draft !== undefined) {
    return (
      <span class="row-preview" dir="auto">
        <em>{w.draft}:</em> {draft.slice(0, 120)}
      </span>
    );
  }
  if (!last_message) return <span class="row-preview">{w.noMessages}</span>;
  const isOwn = last_message.sender.id === messenger.person.id;
  const text =
    last_message.content === null
      ? w.deleted
      : plainText(last_message.content) || (last_message.error ?? '');
  return (
    <span class="row-preview" dir="auto">
      {isOwn && `${w.you}: `}
      {text}
    </span>
  );
}
