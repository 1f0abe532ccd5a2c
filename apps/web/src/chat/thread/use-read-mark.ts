import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '@agent-messenger/sdk/browser';
import { useMessenger } from '../messenger-context';
import type { Thread } from './thread';

interface ReadMarkOptions {
  thread: Thread;
  conversation: Conversation | undefined;
  isAtEnd: boolean;
}

/** What was at the end of the open conversation before the person's eyes counts as read. */
export function useReadMark({ thread, conversation, isAtEnd }: ReadMarkOptions): void {
  const messenger = useMessenger();
  const isSeen = usePageIsSeen();
  const last = thread.messages.value.at(-1)?.seq ?? 0;
  const read = conversation?.read_seq ?? 0;
  const hasUnread = (conversation?.unread_count ?? 0) > 0;
  const state = messenger.loop.state.value;
  useEffect(() => {
    const isDue = isSeen && isAtEnd && hasUnread && last > read && state === 'online';
    if (!isDue) return;
    void messenger.client
      ?.conversation(thread.id)
      .read(last)
      .then(
        () => messenger.changedOwn(thread.id),
        // The next message, or the next visit, marks it.
        () => undefined,
      );
  }, [isSeen, isAtEnd, hasUnread, last, read, state]);
}

function usePageIsSeen(): boolean {
  const isSeenNow = () => document.visibilityState === 'visible' && document.hasFocus();
  const [isSeen, setSeen] = useState(isSeenNow);
  useEffect(() => {
    const onChange = () => setSeen(isSeenNow());
    document.addEventListener('visibilitychange', onChange);
    addEventListener('focus', onChange);
    addEventListener('blur', onChange);
    return () => {
      document.removeEventListener('visibilitychange', onChange);
      removeEventListener('focus', onChange);
      removeEventListener('blur', onChange);
    };
  }, []);
  return isSeen;
}
