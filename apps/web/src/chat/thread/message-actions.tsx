import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { copyText } from '../../ui/copy-text';
import { useMessenger } from '../messenger-context';

const EMOJI = ['👍', '❤️', '😄', '🎉', '🙏', '👀', '✅', '❌'];

interface MessageActionsProps {
  message: Message;
  isOwn: boolean;
  onBegin: (what: 'reply' | 'edit', message: Message) => void;
}

/** What can be done with a message, beside it while it is pointed at or has the focus. */
export function MessageActions({ message, isOwn, onBegin }: MessageActionsProps) {
  const messenger = useMessenger();
  const w = words().thread;
  const [isReacting, setReacting] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const toolbar = useRef<HTMLDivElement>(null);
  // What had the focus goes: what takes its place has it in the same step.
  useLayoutEffect(() => {
    if (isReacting) toolbar.current?.querySelector('button')?.focus();
  }, [isReacting]);
  const messageElement = () => toolbar.current?.closest<HTMLElement>('.message');
  return (
    <div
      ref={toolbar}
      class="message-actions"
      role="toolbar"
      aria-label={words().menu.more}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isReacting) return;
        messageElement()?.focus();
        setReacting(false);
      }}
    >
      {isReacting ? (
        EMOJI.map((emoji) => (
          <button
            key={emoji}
            type="button"
            class="icon-button small"
            aria-label={w.reactWith(emoji)}
            onClick={() => {
              messageElement()?.focus();
              setReacting(false);
              void messenger.changes.react(message, emoji, true);
            }}
          >
            {emoji}
          </button>
        ))
      ) : (
        <>
          <IconButton small icon="smile" label={w.react} onClick={() => setReacting(true)} />
          <IconButton
            small
            icon="reply"
            label={w.reply}
            onClick={() => onBegin('reply', message)}
          />
          <IconButton
            small
            icon="copy"
            label={w.copyText}
            onClick={() => void copyText(message.content ?? '')}
          />
          {isOwn && (
            <>
              <IconButton
                small
                icon="edit"
                label={w.edit}
                onClick={() => onBegin('edit', message)}
              />
              <IconButton small icon="trash" label={w.delete} onClick={() => setAsked(true)} />
            </>
          )}
        </>
      )}
      {isAsked && (
        <Confirm
          title={w.deleteAsk}
          lead={w.deleteLead}
          action={w.delete}
          onConfirm={() => {
            const element = messageElement();
            void messenger.changes.delete(message).then(() => {
              // The toolbar is gone with the focus, unless the person has gone on to something else.
              const { activeElement, body } = document;
              if (activeElement === body || element?.contains(activeElement)) element?.focus();
            });
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}
