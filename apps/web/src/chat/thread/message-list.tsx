import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Conversation, Message } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { IconButton } from '../../ui/button';
import { useVirtual } from '../../ui/virtual';
import { useMessenger } from '../messenger-context';
import { Announcer } from './announcer';
import { EmptyThread } from './empty-thread';
import { MessageRow } from './message-row';
import { Rows } from './rows';
import type { Thread } from './thread';
import { LiveLine } from './live-line';
import { useReadMark } from './use-read-mark';

/** So far from its ends a list asks for what is beyond. */
const MORE_FROM_ROW = 15;
const AT_END_PX = 60;

interface MessageListProps {
  thread: Thread;
  conversation: Conversation | undefined;
  onBegin: (what: 'reply' | 'edit', message: Message) => void;
}

export function MessageList({ thread, conversation, onBegin }: MessageListProps) {
  const messenger = useMessenger();
  const w = words().thread;
  const selfId = messenger.person.id;
  const messages = thread.messages.value;
  const hasOlder = thread.hasOlder.value;
  const hasNewer = thread.hasNewer.value;
  const streams = messenger.streams.of(thread.id);
  const allUnsent = messenger.unsent.value;
  const rows = useMemo(() => {
    const unsent = allUnsent.filter(({ conversation_id }) => conversation_id === thread.id);
    return new Rows({ messages, unsent, streams, hasOlder, hasNewer, selfId });
  }, [messages, allUnsent, streams, hasOlder, hasNewer]);
  const scroller = useRef<HTMLDivElement>(null);
  const hadNewer = useRef(false);
  const {
    list,
    measure,
    toEnd: scrollToEnd,
  } = useVirtual({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => rows.estimate(index),
    getItemKey: useCallback((index: number) => rows.key(index), [rows]),
    overscan: 10,
    anchorTo: 'end',
    // A page that comes at the end of another is not followed: it is being read.
    followOnAppend: !hadNewer.current,
    scrollEndThreshold: AT_END_PX,
    paddingStart: 12,
    paddingEnd: 12,
  });
  hadNewer.current = hasNewer;

  // How far the person had read when they came; the line stays where it is while they read on.
  const [readBefore, setReadBefore] = useState<{ readSeq: number; lastSeq: number } | null>(null);
  const isLoading = thread.isLoading.value;
  const firstUnread = readBefore === null ? -1 : rows.firstUnread(readBefore);
  useLayoutEffect(() => {
    if (isLoading || readBefore !== null) return;
    const readSeq = conversation?.read_seq ?? Number.MAX_SAFE_INTEGER;
    const read = { readSeq, lastSeq: messages.at(-1)?.seq ?? 0 };
    setReadBefore(read);
    const unread = rows.firstUnread(read);
    // Who has written before anything was there stays with what they wrote.
    if (unread > 0 && rows.lastUnsent === undefined) list.scrollToIndex(unread, { align: 'start' });
    else scrollToEnd();
  }, [isLoading, rows.length]);

  // Whoever sends looks at what they have sent.
  const lastUnsent = rows.lastUnsent;
  useLayoutEffect(() => {
    if (lastUnsent !== undefined) toEnd();
  }, [lastUnsent]);
  const isGoingToEnd = useRef(false);
  function toEnd(): void {
    isGoingToEnd.current = hasNewer;
    if (hasNewer) void thread.toNewest();
    else scrollToEnd();
  }
  useLayoutEffect(() => {
    if (isGoingToEnd.current && !hasNewer) toEnd();
  }, [messages, hasNewer]);

  const items = list.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (readBefore === null) return;
    if (hasOlder && first < MORE_FROM_ROW) void thread.loadOlder();
    if (hasNewer && last >= rows.length - MORE_FROM_ROW) void thread.loadNewer();
    // Whoever is at the end stays there, however many come at once.
    thread.keepNear(list.isAtEnd(AT_END_PX) ? Number.MAX_SAFE_INTEGER : rows.seq(first));
  }, [first, last, hasOlder, hasNewer, messages, readBefore]);

  const isAtEnd = !hasNewer && (rows.length === 0 || list.isAtEnd(AT_END_PX));
  useReadMark({ thread, conversation, isAtEnd });
  const active = useActiveRow(scroller, rows.length);

  if (!isLoading && !hasOlder && rows.length === 0)
    return <EmptyThread conversation={conversation} />;
  return (
    <div class="messages-frame">
      <div
        ref={scroller}
        class="messages"
        role="log"
        // New messages are announced by themselves: scrolling must not read out old ones.
        aria-live="off"
        aria-label={w.messages}
        aria-busy={isLoading}
        tabIndex={0}
        onKeyDown={active.onKey}
      >
        <div class="messages-size" style={{ height: `${list.getTotalSize()}px` }}>
          <div
            class="messages-window"
            style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}
          >
            {items.map(({ index, key }) => {
              const row = rows.at(index);
              return (
                row && (
                  <MessageRow
                    key={key}
                    index={index}
                    row={row}
                    conversation={conversation}
                    thread={thread}
                    isFirstUnread={index === firstUnread && index > 0}
                    isActive={active.key === row.key}
                    onActive={active.set}
                    measure={measure}
                    onBegin={onBegin}
                  />
                )
              );
            })}
          </div>
        </div>
      </div>
      {!isAtEnd && (
        <span class="jump">
          <IconButton icon="down" label={w.jump} onClick={toEnd} />
        </span>
      )}
      <LiveLine conversation={conversation} conversationId={thread.id} />
      <Announcer messages={hasNewer ? [] : messages} conversation={conversation} selfId={selfId} />
    </div>
  );
}

/** The row whose actions are shown: under the pointer, or chosen with the arrow keys. */
function useActiveRow(scroller: { current: HTMLDivElement | null }, length: number) {
  const [key, set] = useState<string | null>(null);
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    const all = [...scroller.current!.querySelectorAll<HTMLElement>('[data-index]')];
    const focused = document.activeElement?.closest('[data-index]');
    const from = all.findIndex((each) => each === focused);
    const next = from < 0 ? all.at(-1) : all[from + step];
    const message = next?.querySelector<HTMLElement>('.message');
    message?.focus({ preventScroll: true });
    message?.scrollIntoView({ block: 'nearest' });
  };
  useEffect(() => {
    if (length === 0) set(null);
  }, [length]);
  return { key, set, onKey };
}
