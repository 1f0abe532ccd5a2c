import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Conversation, Message, Unsent } from '@agent-messenger/sdk/browser';
import { dayName, timeOfDay, wholeMoment } from '../../i18n/format';
import { words } from '../../i18n/i18n';
import { Boundary } from '../../ui/boundary';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { memo } from '../../ui/memo';
import { Avatar } from '../avatar';
import { Markdown } from '../markdown/markdown';
import { useMessenger } from '../messenger-context';
import { nameIn } from '../session/names';
import { Choices } from './choices';
import { FailureNote } from './failure-note';
import { MessageActions } from './message-actions';
import { Quote } from './quote';
import { Reactions } from './reactions';
import { areSameRow, type Row } from './rows';
import type { Thread } from './thread';
import { StreamMessage } from './stream-row';
import { Ticks } from './ticks';
import { UsageNote } from './usage-note';

interface MessageRowProps {
  index: number;
  row: Row;
  conversation: Conversation | undefined;
  thread: Thread;
  isFirstUnread: boolean;
  isActive: boolean;
  onActive: (key: string | null) => void;
  measure: (element: HTMLElement | null) => void;
  onBegin: (what: 'reply' | 'edit', message: Message) => void;
}

/** A list is rendered at each step of scrolling: its rows are not. */
export const MessageRow = memo(
  RowView,
  (before, after) =>
    Object.entries(after).every(
      ([name, value]) => name === 'row' || before[name as keyof MessageRowProps] === value,
    ) && areSameRow(before.row, after.row),
);

function RowView(props: MessageRowProps) {
  const { index, row, isFirstUnread, measure, onActive } = props;
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => measure(ref.current), []);
  return (
    <div
      ref={ref}
      data-index={index}
      class={row.startsGroup ? 'message-row starts-group' : 'message-row'}
      onPointerEnter={() => onActive(row.key)}
      onPointerLeave={() => {
        // What has the focus stays: it would be lost with it.
        if (!ref.current?.contains(document.activeElement)) onActive(null);
      }}
      onFocusCapture={() => onActive(row.key)}
    >
      {row.startsDay && (
        <p class="day-line">
          <span>{dayName(momentOf(row))}</span>
        </p>
      )}
      {isFirstUnread && (
        <p class="unread-line">
          <span>{words().thread.newMessages}</span>
        </p>
      )}
      <Boundary instead={<Unshown />}>
        <Said {...props} />
      </Boundary>
    </div>
  );
}

function Said(props: MessageRowProps) {
  const { row, conversation } = props;
  if (row.kind === 'message') return <SentMessage {...props} message={row.message} />;
  if (row.kind === 'unsent') return <UnsentMessage unsent={row.unsent} />;
  return (
    <StreamMessage stream={row.stream} conversation={conversation} startsGroup={row.startsGroup} />
  );
}

function Unshown() {
  return (
    <p class="message tombstone" tabIndex={-1}>
      {words().thread.unshown}
    </p>
  );
}

function momentOf(row: Row): string {
  if (row.kind === 'message') return row.message.created_at;
  return row.kind === 'unsent' ? row.unsent.written_at : new Date().toISOString();
}

function SentMessage(props: MessageRowProps & { message: Message }) {
  const { message, conversation, thread, row, isActive, onBegin } = props;
  const { person } = useMessenger();
  const w = words().thread;
  const isOwn = message.sender.id === person.id;
  const name = nameIn(conversation, message.sender.id);
  const original = message.reply_to;
  return (
    <article
      class={isOwn ? 'message is-own' : 'message'}
      tabIndex={-1}
      aria-label={`${name}, ${wholeMoment(message.created_at)}`}
      data-message-id={message.id}
    >
      {!isOwn && row.startsGroup && <Avatar name={name} id={message.sender.id} />}
      <div class="message-body">
        {!isOwn && row.startsGroup && (
          <p class="message-from">
            <strong dir="auto">{name}</strong>
            <time datetime={message.created_at} title={wholeMoment(message.created_at)}>
              {timeOfDay(message.created_at)}
            </time>
          </p>
        )}
        <div class="bubble">
          {original !== undefined && (
            <Quote id={original} thread={thread} conversation={conversation} />
          )}
          {message.content === null ? (
            <p class="tombstone">{w.deleted}</p>
          ) : (
            <Markdown text={message.content} />
          )}
        </div>
        <FailureNote message={message} thread={thread} />
        <Choices message={message} conversation={conversation} />
        <Reactions message={message} conversation={conversation} />
        <p class="message-meta">
          <UsageNote message={message} />
          {message.edited_at !== undefined && message.content !== null && (
            <span title={wholeMoment(message.edited_at)}>{w.edited}</span>
          )}
          {isOwn && (
            <>
              <time datetime={message.created_at} title={wholeMoment(message.created_at)}>
                {timeOfDay(message.created_at)}
              </time>
              <Ticks message={message} conversation={conversation} />
            </>
          )}
        </p>
      </div>
      {isActive && message.content !== null && (
        <MessageActions message={message} isOwn={isOwn} onBegin={onBegin} />
      )}
    </article>
  );
}

function UnsentMessage({ unsent }: { unsent: Unsent }) {
  const { outbox } = useMessenger();
  const w = words();
  return (
    <article class="message is-own is-unsent" tabIndex={-1} aria-label={w.thread.waiting}>
      <div class="message-body">
        <div class="bubble">
          <Markdown text={unsent.content} />
        </div>
        {unsent.refused === undefined ? (
          <p class="message-meta">
            <time datetime={unsent.written_at}>{timeOfDay(unsent.written_at)}</time>
            <span title={w.thread.waiting}>
              <Icon name="clock" small />
              <span class="visually-hidden">{w.thread.waiting}</span>
            </span>
          </p>
        ) : (
          <div class="failure" role="alert">
            <span>{w.thread.refused(unsent.refused)}</span>
            <Button small onClick={() => void outbox.retry(unsent)}>
              {w.common.retry}
            </Button>
            <Button small look="quiet" onClick={() => void outbox.discard(unsent.client_id)}>
              {w.thread.discard}
            </Button>
          </div>
        )}
      </div>
    </article>
  );
}
